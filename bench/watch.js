// Runs before the page's own scripts: notes long tasks, the time of scripts in pointer events and frames, and the bytes
// of the forms that are sent.
(() => {
  const noted = { tasks: [], events: [], frames: [], sent: [] };
  window.__bench = noted;
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) noted.tasks.push({ at: startTime, ms: duration });
  }).observe({ type: 'longtask', buffered: true });

  const timed = new Set(['pointerdown', 'pointermove', 'pointerup']);
  const add = EventTarget.prototype.addEventListener;
  const remove = EventTarget.prototype.removeEventListener;
  const wrapped = new WeakMap();
  const open = new WeakMap();

  // All listeners of one event are one entry.
  function note(event, ms) {
    const entry = open.get(event);
    if (entry) entry.ms += ms;
    else {
      const fresh = { at: performance.now(), type: event.type, buttons: event.buttons, ms };
      open.set(event, fresh);
      noted.events.push(fresh);
    }
  }

  function timedListener(listener) {
    if (!wrapped.has(listener)) {
      wrapped.set(listener, function (event) {
        const began = performance.now();
        try {
          return listener.call(this, event);
        } finally {
          note(event, performance.now() - began);
        }
      });
    }
    return wrapped.get(listener);
  }

  const of = (type, listener) => (timed.has(type) && typeof listener === 'function' ? timedListener(listener) : listener);
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    return add.call(this, type, of(type, listener), options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    return remove.call(this, type, of(type, listener), options);
  };

  const plainFetch = window.fetch;
  window.fetch = (resource, options) => {
    const at = performance.now();
    if (options?.body instanceof FormData) {
      new Response(options.body).blob().then(({ size }) => noted.sent.push({ at, bytes: size }));
    }
    return plainFetch.call(window, resource, options);
  };

  const request = window.requestAnimationFrame;
  window.requestAnimationFrame = (callback) =>
    request.call(window, (time) => {
      const began = performance.now();
      try {
        callback(time);
      } finally {
        const last = noted.frames.at(-1);
        const ms = performance.now() - began;
        if (last && last.time === time) last.ms += ms;
        else noted.frames.push({ at: began, time, ms });
      }
    });
})();
