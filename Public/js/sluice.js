// The entry: what every page has, then the one page that is open.

import { startAccount } from "./account.js";
import { startAdminList, startAdminPage } from "./admin.js";
import { startCampaign } from "./campaign.js";
import { startCampaigns } from "./campaigns.js";
import { startCopying } from "./copying.js";
import { startDialogs } from "./dialogs.js";
import { startFinder } from "./finder.js";
import { startKeyboard } from "./keyboard.js";
import { startLogin, startThemeToggle } from "./login.js";
import { startPostbackCharts } from "./postback_charts.js";
import { startPostbackProfile, startPostbackProfiles } from "./postback_profiles.js";
import { startPostbackRoutes } from "./postback_routes.js";
import { startPostbackActions } from "./postback_actions.js";
import { startPostbacks } from "./postbacks.js";
import { startPushes } from "./pushes.js";
import { startReference } from "./reference.js";
import { keepAgesFresh, localiseTimes } from "./times.js";
import { showToastOfEarlierPage } from "./toasts.js";

const pages = {
  "login-form": startLogin,
  "theme-toggle": startThemeToggle,
  "account-dialog": startAccount,
  "finder-dialog": startFinder,
  "campaigns-page": startCampaigns,
  "campaign-page": startCampaign,
  "pushes-page": startPushes,
  "postbacks-page": startPostbacks,
  "postback-event-page": startPostbackActions,
  "postback-raw-page": startPostbackActions,
  "postback-profiles-page": startPostbackProfiles,
  "postback-profile-page": startPostbackProfile,
  "postback-routes-page": startPostbackRoutes,
  "postback-charts-page": startPostbackCharts,
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
