"""Accounts: people, organizations, memberships, roles, sign-ins and API keys.

A *person* signs in to the dashboard; an *organization* is a client; a *membership* gives a person one role in one
organization, or in all of them (staff); an *API key* authenticates one organization at one product's API; a *sign-in*
is one browser in which a person is signed in.
"""
