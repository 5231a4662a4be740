"""The live page of the documentation."""

from drf_spectacular.views import SpectacularSwaggerSplitView


class DocsView(SpectacularSwaggerSplitView):
    """Without a line of script or style in the page itself."""

    template_name = "annotation/docs.html"
