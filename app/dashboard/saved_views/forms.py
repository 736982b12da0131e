"""What people type about views: shape only."""

from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import AnyOf

from app.dashboard.saved_views.actions import LONGEST_NAME
from app.dashboard.saved_views.handover_notes import LONGEST
from app.kernel.web.forms import DeskForm, NameField, VersionedForm, at_most, needed


class SaveForm(DeskForm):
    """A name for the list on the page. `place` is whose the view will be."""

    query = HiddenField()
    name = NameField("Name", [needed("Type a name."), at_most(LONGEST_NAME)])
    place = RadioField("For", validate_choice=False)


class RenameForm(VersionedForm):
    """Another name for a view."""

    name = NameField("Name", [needed("Type a name."), at_most(LONGEST_NAME)])


class MoveForm(DeskForm):
    """Which way a view moves among its neighbours."""

    to = HiddenField(validators=[AnyOf(("earlier", "later"), "A view moves earlier or later.")])


class NoteForm(VersionedForm):
    """A note for the next person; empty clears it."""

    query = HiddenField()
    place = HiddenField()
    text = TextAreaField("Note", [at_most(LONGEST)])
