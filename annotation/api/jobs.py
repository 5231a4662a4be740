"""Jobs, polled by the browser."""

import hashlib

from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, audit, jobs, operations
from annotation.api.base import ApiView, answers, signed_in
from annotation.api.shapes import JobOut


class JobView(ApiView):
    @extend_schema(responses=answers({200: JobOut, 304: None}))
    def get(self, request: Request, job_id: int) -> HttpResponseBase:
        job = JobOut(access.job_for(signed_in(request), job_id)).data
        etag = f'"{hashlib.sha256(JSONRenderer().render(job)).hexdigest()[:32]}"'
        unchanged = get_conditional_response(request._request, etag=etag)
        if unchanged is not None:
            return unchanged
        return Response(job, headers={"ETag": etag, "Cache-Control": "private, no-cache"})


class CancelView(ApiView):
    @extend_schema(request=None, responses=answers({200: JobOut}, 409))
    def post(self, request: Request, job_id: int) -> Response:
        job = access.job_for(signed_in(request), job_id, to="cancel")
        return Response(JobOut(jobs.cancel(job)).data)


class RetryView(ApiView):
    """For staff: a job that failed or was cancelled waits again. One that waits or runs stays as it is."""

    @extend_schema(request=None, responses=answers({200: JobOut}, 409))
    def post(self, request: Request, job_id: int) -> Response:
        job = operations.start_again(operations.job_for(signed_in(request), job_id))
        audit.note(audit.Action.CHANGE, noun="job", object_id=job.pk, project=job.project_id)
        return Response(JobOut(job).data)
