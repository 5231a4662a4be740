// Runs before the page's own scripts: notes the bytes of what saves, forms and undos, and every request.
(() => {
  performance.setResourceTimingBufferSize(20_000);
  const noted = { sent: [] };
  window.__bench = noted;
  const plainFetch = window.fetch;
  window.fetch = (resource, options) => {
    const at = performance.now();
    if (options?.body instanceof FormData || /\/undo\/$/.test(resource)) {
      new Response(options.body).blob().then(({ size }) => noted.sent.push({ at, bytes: size }));
    }
    return plainFetch.call(window, resource, options);
  };
})();
