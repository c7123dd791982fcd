/** What every page has: each module looks for its own data- attributes. */

import "./copy.js";
import "./dialog.js";
import "./forms.js";
import "./moments.js";
import "./search.js";
import "./tabs.js";
import "./theme.js";
import "./toast.js";
