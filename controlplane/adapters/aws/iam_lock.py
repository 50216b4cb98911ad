"""The freeze's deny as an inline policy of IAM roles. Everything else of a role stays as it is."""

from __future__ import annotations

from controlplane.adapters.aws.session import AwsSession
from controlplane.errors import Unavailable

POLICY = "wedcache-freeze"
_REGION = "us-east-1"  # IAM is global; its clients want a region


class IamLock:
    """`VendorLock` on AWS IAM."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def put(self, role: str, document: str) -> None:
        """See `VendorLock.put`."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            iam = self._session.client("iam", _REGION)
            iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=document)
        except ClientError as error:
            raise Unavailable(f"the role {role}: IAM says {error.response['Error']['Code']}") from error
        except BotoCoreError as error:
            raise Unavailable(f"the role {role}: IAM does not answer ({type(error).__name__})") from error
