/** Entry of pages behind the sign-in. Every page works without scripts. Dialogs and refusals come before focus, because
    their listeners must see a swap first. */

import "./toasts.js";
import "./bars.js";
import "./dialogs.js";
import "./tabs.js";
import "./refusals.js";
import "./forms.js";
import "./counters.js";
import "./rooms.js";
import "./slow-answers.js";
import "./theme.js";
import "./clipboard.js";
import "./split.js";
import "./filters.js";
import "./focus.js";
import "./relative-times.js";
import "./shortcuts.js";
import "./dropdowns.js";
import "./undo.js";
import "./live/polling.js";
import "./palette.js";
