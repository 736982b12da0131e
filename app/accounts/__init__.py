"""Who is asking: people, organizations, memberships, roles, sign-ins and API keys.

Words: a *person* signs in at the desk; an *organization* is a client of the house; a *membership* gives a person one
role in one organization, or in all of them (house); an *API key* opens one product's door for one organization; a
*sign-in* is one browser that knows a person's password.
"""
