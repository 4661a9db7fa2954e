// The entry: what every page has, then the one page that is open.

import { startAccount } from "./account.js";
import { startAdminList, startAdminPage } from "./admin.js";
import { startCampaign } from "./campaign.js";
import { startCampaigns } from "./campaigns.js";
import { startCopying } from "./copying.js";
import { startDialogs } from "./dialogs.js";
import { startKeyboard } from "./keyboard.js";
import { startLogin, startThemeToggle } from "./login.js";
import { startPushes } from "./pushes.js";
import { startReference } from "./reference.js";
import { keepAgesFresh, localiseTimes } from "./times.js";
import { showToastOfEarlierPage } from "./toasts.js";

const pages = {
  "login-form": startLogin,
  "theme-toggle": startThemeToggle,
  "account-dialog": startAccount,
  "campaigns-page": startCampaigns,
  "campaign-page": startCampaign,
  "pushes-page": startPushes,
  "admin-list-page": startAdminList,
  "admin-row-page": startAdminPage,
  "admin-ask-page": startAdminPage,
  "admin-new-page": startAdminPage,
  "reference-page": startReference,
};

document.documentElement.classList.add("js");
localiseTimes();
keepAgesFresh();
startDialogs();
startCopying();
if (document.getElementById("keys-dialog")) startKeyboard();
for (const [id, start] of Object.entries(pages)) {
  const found = document.getElementById(id);
  if (found) start(found);
}
showToastOfEarlierPage();
