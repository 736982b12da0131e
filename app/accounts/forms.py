"""Forms of the account pages. They check the format of what is typed; rules.py and actions decide the rest."""

from collections.abc import Iterable
from zoneinfo import available_timezones

from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.fields import SelectMultipleField
from wtforms.validators import ValidationError

from app.accounts import rules
from app.accounts.models import Billing, NewAnswers, Plan, Theme
from app.accounts.passkeys import LONGEST_RESPONSE
from app.accounts.roles import ACCESS, TITLES, Product, Role
from app.kernel.errors import Invalid
from app.kernel.web.forms import CodeField, DeskForm, NameField, VersionedForm, at_most, choices, needed, optional

PLANS = choices(*((plan.value, plan.value.capitalize()) for plan in Plan))
BILLING = choices((Billing.ACTIVE.value, "Active"), (Billing.PAST_DUE.value, "Past due"))
PRODUCTS = choices(*((product.value, product.value.capitalize()) for product in Product))
THEMES = choices((Theme.SYSTEM.value, "As the system"), (Theme.LIGHT.value, "Light"), (Theme.DARK.value, "Dark"))
LOCALES = choices(*rules.LOCALES.items())
COUNTRIES = choices(("", "As the time zone"), *rules.countries().items())
ZONES = [
    "UTC",
    *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))),
]
ROLES = choices(*((role.value, TITLES[role]) for role in Role))
EVERYWHERE = "all"
"""The choice of a role in all organizations instead of one."""


NEW_ANSWERS = choices(
    (NewAnswers.NOW.value, "At once"),
    (NewAnswers.DAILY.value, "Once a day, at 8 in the morning"),
    (NewAnswers.NEVER.value, "Never"),
)


class UndoSecondsField(IntegerField):
    """Seconds of the undo window; text that is no whole number gets the message of the range too."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(rules.UNDO_SECONDS_RANGE) from None


class SignInForm(DeskForm):
    email = EmailField(
        "E-mail", validators=[needed("Type your e-mail address."), at_most(254)], render_kw={"autocomplete": "username"}
    )
    password = PasswordField(
        "Password",
        validators=[needed("Type your password."), at_most(200)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


ONE_TIME = {
    "autocomplete": "one-time-code",
    "autocapitalize": "none",
    "spellcheck": "false",
    "dir": "ltr",
}


class SecondStepForm(DeskForm):
    """A code of the authenticator app or a recovery code, in one field."""

    one_time_code = CodeField("Code", validators=[needed("Type the code."), at_most(60)], render_kw=ONE_TIME)
    next = HiddenField()


class PasskeyForm(DeskForm):
    """The browser's response for a passkey; the script of the page fills it in."""

    credential = HiddenField(validators=[needed("No passkey was used."), at_most(LONGEST_RESPONSE)])
    next = HiddenField()


class NewPasskeyForm(PasskeyForm):
    name = NameField(
        "Name",
        validators=[needed("Type a name by which you recognize it."), at_most(rules.LABEL_LENGTH)],
        description="A name by which you recognize it: laptop, phone, security key.",
        render_kw={"autocomplete": "off"},
    )


class AppForm(DeskForm):
    """A code that proves that the authenticator app has the secret. `encrypted_secret` is that secret, encrypted."""

    one_time_code = CodeField(
        "Code the app shows now",
        validators=[needed("Type the code."), at_most(60)],
        render_kw={**ONE_TIME, "inputmode": "numeric"},
    )
    encrypted_secret = HiddenField(validators=[needed("Start again: this page was not complete.")])


class ProofForm(DeskForm):
    """The password or a code; one is enough."""

    password = PasswordField(
        "Password", validators=[optional(), at_most(200)], render_kw={"autocomplete": "current-password"}
    )
    one_time_code = CodeField(
        "Code from your app",
        validators=[optional(), at_most(60)],
        description="Instead of the password, if you like.",
        render_kw={**ONE_TIME, "inputmode": "numeric"},
    )
    next = HiddenField()


class ForgottenForm(DeskForm):
    email = EmailField(
        "E-mail", validators=[needed("Type your e-mail address."), at_most(254)], render_kw={"autocomplete": "username"}
    )


class NewPasswordForm(DeskForm):
    """A password chosen through a link. `email` and `name` are the person's, for the password rules."""

    password = PasswordField(
        "New password",
        validators=[needed("Type a password.")],
        description=f"At least {rules.PASSWORD_LENGTH[0]} characters. A sentence that only you know is good.",
        render_kw={"autocomplete": "new-password"},
    )

    email = ""
    name = ""

    def validate_password(self, field: PasswordField) -> None:
        try:
            rules.password(field.data or "", email=self.email, name=self.name)
        except Invalid as refusal:
            raise ValidationError(refusal.detail) from None


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField(
        "Current password",
        validators=[needed("Type your current password."), at_most(200)],
        render_kw={"autocomplete": "current-password"},
    )


class AddressForm(DeskForm):
    """Another e-mail address for an account."""

    email = EmailField(
        "New e-mail address",
        validators=[needed("Type the new e-mail address."), at_most(254)],
        render_kw={"autocomplete": "off"},
    )


class GivenAddressForm(AddressForm, VersionedForm):
    """The same for somebody else's account, as it was seen."""


class SettingsForm(VersionedForm):
    name = NameField("Name", validators=[needed("Type your name."), at_most(rules.NAME_LENGTH)])
    time_zone = SelectField("Time zone", choices=ZONES)
    theme = RadioField("Theme", choices=THEMES)
    single_keys = BooleanField("Single-key shortcuts (j, k, x, /)")
    undo_seconds = UndoSecondsField(
        "Undo window, in seconds",
        validators=[needed(rules.UNDO_SECONDS_RANGE)],
        description="How long a decision can be undone before it is final and messages are sent; 0 decides at once.",
        render_kw={"min": rules.UNDO_SECONDS[0], "max": rules.UNDO_SECONDS[1]},
    )

    split = SelectMultipleField(
        "List and item side by side", description="In windows that are at least 1,200 pixels wide."
    )

    new_answers = RadioField(
        "E-mail about new answers of prospects",
        choices=NEW_ANSWERS,
        validate_choice=False,  # the rule does; a form of before there was this field has none
        description="At once is one every ten minutes at most. It says how many there are, not from whom. "
        "Calibration rounds are announced with them.",
    )

    def offer_new_answers(self, decides: bool) -> None:
        """Offers the e-mails about new answers to those who decide about them."""
        if not decides:
            del self.new_answers

    def offer_desks(self, desks: Iterable[str]) -> None:
        """Offers the split view at these desks."""
        self.split.choices = [(desk, desk.capitalize()) for desk in desks]

    def validate_undo_seconds(self, field: IntegerField) -> None:
        if field.data is None:
            return
        try:
            rules.undo_seconds(field.data)
        except Invalid as refusal:
            raise ValidationError(refusal.detail) from None


class InviteForm(DeskForm):
    name = NameField("Name", validators=[needed("Type their name."), at_most(rules.NAME_LENGTH)])
    email = EmailField("E-mail", validators=[needed("Type their e-mail address."), at_most(254)])
    role = RadioField("Role", choices=ROLES, validators=[needed("Choose a role.")])
    place = SelectField("For", validators=[needed("Choose an organization.")])


class RoleForm(DeskForm):
    role = SelectField("Role", choices=ROLES)
    place = SelectField("For")


class OrganizationForm(VersionedForm):
    """The fields that an administrator of the organization may change."""

    name = NameField("Name", validators=[needed("Type a name."), at_most(rules.NAME_LENGTH)])
    contact_email = EmailField(
        "Contact address",
        validators=[optional(), at_most(254)],
        description="Shown as the operator of inspections that its keys create.",
    )
    locale = SelectField("Language", choices=LOCALES)
    time_zone = SelectField("Time zone", choices=ZONES)
    country = SelectField(
        "Country",
        choices=COUNTRIES,
        description="Telephone numbers without a prefix are read as numbers of this country from now on.",
    )
    colour = StringField(
        "Colour",
        validators=[optional(), at_most(20)],
        description="Six digits, such as #1f5f3a. Words must be readable in it; the dark theme gets a lighter tone.",
        render_kw={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"},
    )
    public_email = EmailField("Public e-mail", validators=[optional(), at_most(254)])
    public_phone = StringField(
        "Public telephone", validators=[optional(), at_most(40)], render_kw={"inputmode": "tel", "dir": "ltr"}
    )
    hours = NameField(
        "Hours",
        validators=[optional(), at_most(rules.HOURS_LENGTH)],
        description="When you can be reached, in your language: Mon to Fri, 9:00–17:00.",
    )
    decision_emails = BooleanField("E-mail prospects when their prescreen is approved or denied")
    prescreen_days = IntegerField(
        "Days to keep what is personal in prescreens",
        validators=[optional()],
        description="From the end of a prescreen, 30 days after its start: name, addresses, answers and notes are "
        "erased for good. Empty: for ever.",
        render_kw={"inputmode": "numeric"},
    )
    evidence_days = IntegerField(
        "Days to keep evidence",
        validators=[optional()],
        description="After the end of an inspection. Then the originals and copies of its photos, notes and documents "
        "are erased for good, also of inspections that have ended already; their hashes stay. Empty: for ever.",
        render_kw={"inputmode": "numeric"},
    )
    require_second_factor = BooleanField(
        "Require a second step at sign-in from everybody who works there",
        description="People without one must set it up before anything else.",
    )


class StaffOrganizationForm(OrganizationForm):
    """The same form with the fields that only staff administrators may change."""

    plan = SelectField("Plan", choices=PLANS)
    billing = SelectField("Billing", choices=BILLING)
    self_service = BooleanField("Self-service: depositions are ready at creation, without the scheduling team")


class NewOrganizationForm(DeskForm):
    name = NameField("Name", validators=[needed("Type a name."), at_most(rules.NAME_LENGTH)])
    slug = StringField(
        "Slug",
        validators=[needed("Type a slug."), at_most(60)],
        description="The company id in bearers and addresses: small letters, digits, hyphens. It cannot be changed.",
    )
    plan = SelectField("Plan", choices=PLANS)
    locale = SelectField("Language", choices=LOCALES, default="en")
    time_zone = SelectField("Time zone", choices=ZONES, default="America/New_York")
    contact_email = EmailField("Contact address", validators=[optional(), at_most(254)])
    self_service = BooleanField("Self-service: depositions are ready at creation, without the scheduling team")


class KeyForm(DeskForm):
    organization = SelectField("Organization", coerce=int)
    product = RadioField("API", choices=PRODUCTS, validators=[needed("Choose an API.")])
    label = NameField(
        "Label",
        validators=[optional(), at_most(rules.LABEL_LENGTH)],
        description="Where it is used, so that you recognize it.",
    )
    scopes = SelectMultipleField(
        "Scopes",
        choices=list(ACCESS[Product.INSPECTIONS].key_scopes),
        description="For inspections only. None selected means all.",
    )
