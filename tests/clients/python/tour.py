"""The tour with the client of openapi-python-client."""

import os
import uuid
from urllib.parse import parse_qs, urlsplit

import httpx
from invitation_service_client import AuthenticatedClient, Client
from invitation_service_client.api.activation import activate, preview_activation
from invitation_service_client.api.customers import invite_account_owner
from invitation_service_client.api.invitations import (
    amend_invitation,
    get_invitation,
    invite_batch,
    resend_invitation,
    revoke_invitation,
)
from invitation_service_client.api.signing_in import get_me, sign_in
from invitation_service_client.api.system_users import invite_system_user
from invitation_service_client.api.users import download_users, get_user, list_users
from invitation_service_client.models import (
    AccessToken,
    AccountType,
    ActivateRequest,
    Activated,
    AmendInvitationRequest,
    AnyRole,
    DeliveryWay,
    IdempotencyKeyReusedOrValidationFailedProblem,
    Invitation,
    InviteAccountOwner,
    InviteBatch,
    InviteSystemUser,
    InviteSystemUser409Problem,
    InviteSystemUserItem,
    ListOfUsers,
    NotFoundProblem,
    PreconditionFailedProblem,
    Preview,
    PreviewRequest,
    ResendRequest,
    SignInRequest,
    SystemRole,
    UserKind,
)
from invitation_service_client.types import UNSET, Unset
from retry import Losing, Retrying

URL = os.environ["SERVICE_URL"]
RUN = uuid.uuid4().hex[:8]
PASSWORD = f"{uuid.uuid4()} is long"


def key() -> str:
    return str(uuid.uuid4())


def token_of(invitation: Invitation) -> str:
    assert isinstance(invitation.activation_link, str)
    return parse_qs(urlsplit(invitation.activation_link).query)["token"][0]


def main() -> None:
    network = {"transport": Retrying(Losing(httpx.HTTPTransport()))}
    api = AuthenticatedClient(base_url=URL, token=os.environ["TOKEN"], httpx_args=network)
    anonymous = Client(base_url=URL)
    me = get_me.sync(client=api)
    assert me is not None and hasattr(me, "permissions"), me

    # A colleague. The first answer is lost, and the retry gets it.
    email = f"ada-{RUN}@example.com"
    body = InviteSystemUser(
        email=email, roles=[SystemRole.VIEWER, SystemRole.FINANCE], delivery=DeliveryWay.LINK
    )
    invited = invite_system_user.sync_detailed(client=api, body=body, idempotency_key=key())
    ada = invited.parsed
    assert isinstance(ada, Invitation), invited
    assert invited.headers["idempotency-replayed"] == "true"

    # Once more, with a key of its own: the error is typed, and so is its code.
    again = invite_system_user.sync(client=api, body=body, idempotency_key=key())
    assert isinstance(again, InviteSystemUser409Problem), again
    assert again.code.value == "invitation_pending" and again.invitation_id == ada.id
    body.email = "ada.example.com"
    faulty = invite_system_user.sync(client=api, body=body, idempotency_key=key())
    assert isinstance(faulty, IdempotencyKeyReusedOrValidationFailedProblem), faulty
    assert not isinstance(faulty.errors, Unset)
    assert [(one.pointer, one.code.value) for one in faulty.errors] == [("/email", "invalid_email")]

    # Changed, with the tag of what was seen.
    tag = get_invitation.sync_detailed(ada.id, client=api).headers["etag"]
    changed = amend_invitation.sync(ada.id, client=api, body=AmendInvitationRequest(locale="nl"), if_match=tag)
    assert isinstance(changed, Invitation) and changed.locale == "nl", changed
    stale = amend_invitation.sync(ada.id, client=api, body=AmendInvitationRequest(locale="en"), if_match=tag)
    assert isinstance(stale, PreconditionFailedProblem), stale

    # The link is opened and used, without a token.
    token = token_of(ada)
    preview = preview_activation.sync(client=anonymous, body=PreviewRequest(token=token))
    assert isinstance(preview, Preview) and preview.requires.password, preview
    answer = ActivateRequest(token=token, password=PASSWORD, first_name="Ada", last_name="Lovelace")
    activated = activate.sync(client=anonymous, body=answer)
    assert isinstance(activated, Activated) and activated.user.status.value == "active", activated
    signed_in = sign_in.sync(client=anonymous, body=SignInRequest(email=email, password=PASSWORD))
    assert isinstance(signed_in, AccessToken), signed_in

    # A customer, whose invitation is resent with and without a body, and revoked.
    owner = InviteAccountOwner(
        email=f"olivia-{RUN}@acme.example",
        account_name=f"Acme {RUN}",
        account_type=AccountType.BUSINESS,
        delivery=DeliveryWay.LINK,
    )
    olivia = invite_account_owner.sync(client=api, body=owner, idempotency_key=key())
    assert isinstance(olivia, Invitation), olivia
    for change in ResendRequest(locale="de"), UNSET:
        resent = resend_invitation.sync(olivia.id, client=api, body=change, idempotency_key=key())
        assert isinstance(resent, Invitation), resent
    revoked = revoke_invitation.sync(olivia.id, client=api, idempotency_key=key())
    assert isinstance(revoked, Invitation) and revoked.status.value == "revoked", revoked
    item = InviteSystemUserItem.from_dict(
        {"kind": "system_user", "email": f"bob-{RUN}@example.com", "roles": ["viewer"]}
    )
    batch = InviteBatch(invitations=[item], validate_only=True)
    results = invite_batch.sync(client=api, body=batch, idempotency_key=key())
    assert results is not None and hasattr(results, "results"), results
    assert results.results[0].status.value == "valid", results

    # Lists: filters, and all pages.
    found: list[str] = []
    cursor: str | Unset = UNSET
    while True:
        page = list_users.sync(
            client=api, search=RUN, kind=[UserKind.SYSTEM_USER], role=[AnyRole.VIEWER], limit=1, cursor=cursor
        )
        assert isinstance(page, ListOfUsers), page
        found += [user.email for user in page.data]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert found == [email], found
    csv = download_users.sync(client=api, search=RUN)
    assert isinstance(csv, str) and csv.startswith("id,email,") and email in csv, csv
    assert isinstance(get_user.sync("usr_01m86xvxh0es8r65rzyjka792g", client=api), NotFoundProblem)
    print("openapi-python-client: the tour is done")


main()
