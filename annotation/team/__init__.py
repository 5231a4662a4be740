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
from annotation.team.second_factor import has_second_factor, must_set_up_second_factor
from annotation.team.tokens import Minted, make_token, revoke_token, tokens_of, user_of_token

__all__ = [
    "Made",
    "Member",
    "Minted",
    "accept_invitation",
    "change_member",
    "has_second_factor",
    "invitation_of",
    "invite",
    "make_token",
    "member_of",
    "members",
    "must_set_up_second_factor",
    "open_invitation",
    "open_invitations",
    "rename",
    "revoke_token",
    "sign_up",
    "tokens_of",
    "user_of_token",
    "withdraw_invitation",
]
