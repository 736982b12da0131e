"""What is typed where the personal data of a contact is erased or exported."""

from wtforms import StringField

from app.kernel.web.forms import DeskForm, at_most, needed


class PersonalForm(DeskForm):
    """Why what is kept of a contact is erased, or handed out."""

    reason = StringField("Reason", validators=[needed("Say why: it is kept in the activity."), at_most(300)])
