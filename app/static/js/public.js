/** Entry of pages for people without an account. Every page works without scripts. */

import "./toasts.js";
import "./forms.js";
import "./counters.js";
import "./clipboard.js";
import "./dialogs.js";
import "./relative-times.js";
import "./own-time.js";
import "./reading.js";
import "./sending.js";
import "./focus.js";
import "./shortcuts.js";
