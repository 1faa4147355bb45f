"""Uploads to S3 that nobody finished: a killed run leaves its parts in the bucket, unseen and paid for.

Here: finding and ending them. Keep out: files (`lake`). Google's store forgets such uploads by
itself within a week, and a folder has none.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from resources.lake import Lake


@dataclass(frozen=True)
class UnfinishedUpload:
    """A file that was begun and never appeared, and when it was begun."""

    name: str
    upload_id: str
    started: datetime


def unfinished_uploads(lake: Lake, folder: str) -> list[UnfinishedUpload]:
    """Uploads below a folder that have not ended: at most the thousand that S3 names in one answer.

    Raises:
        UnavailableError: the object store does not answer.
    """
    if "s3" not in lake.filesystem.protocol:
        return []
    bucket, _, prefix = lake.path(folder).partition("/")
    with lake.answering():
        answer = lake.filesystem.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=f"{prefix}/")
    begun = [(f"{bucket}/{upload['Key']}", upload) for upload in answer.get("Uploads", [])]
    return [
        UnfinishedUpload(path.removeprefix(f"{lake.root}/"), upload["UploadId"], upload["Initiated"].astimezone(UTC))
        for path, upload in begun
    ]


def end_upload(lake: Lake, upload: UnfinishedUpload) -> None:
    """Throw the parts of an upload away. Raises UnavailableError."""
    bucket, _, key = lake.path(upload.name).partition("/")
    with lake.answering():
        lake.filesystem.call_s3("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload.upload_id)
