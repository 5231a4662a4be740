"""Who belongs to a project and how they come in, and the tokens with which their programs do."""

from annotation.team.accounts import rename, sign_up
from annotation.team.invitations import (
    Made,
    accept_invitation,
    invitation_of,
    invite,
    open_invitation,
    open_invitations,
    withdraw_invitation,
)
from annotation.team.members import Member, change_member, member_of, members
from annotation.team.tokens import Minted, make_token, revoke_token, tokens_of, user_of_token

__all__ = [
    "Made",
    "Member",
    "Minted",
    "accept_invitation",
    "change_member",
    "invitation_of",
    "invite",
    "make_token",
    "member_of",
    "members",
    "open_invitation",
    "open_invitations",
    "rename",
    "revoke_token",
    "sign_up",
    "tokens_of",
    "user_of_token",
    "withdraw_invitation",
]
