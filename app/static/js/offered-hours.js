/** The offered hours of a session: each on the visitor's own clock, whose zone is sent with their answers. */

import { $$ } from "./dom.js";
import "./own-time.js";

const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
for (const field of $$("input[name=zone]")) field.value = timeZone || "";
