# SPDX-License-Identifier: Apache-2.0
# Times as dockerTools takes them, in seconds since 1970.
let
  number = text: builtins.fromJSON (builtins.head (builtins.match "0*([0-9]+)" text));

  # Days since 1970-01-01 of a date of the Gregorian calendar; years begin in March, so that the leap
  # day is their last.
  days = year: month: day:
    let
      y = if month <= 2 then year - 1 else year;
      m = if month <= 2 then month + 9 else month - 3;
    in
    365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
  leap = year: year - year / 4 * 4 == 0 && (year - year / 100 * 100 != 0 || year - year / 400 * 400 == 0);
  lengthOf = year: month:
    if month == 2 then (if leap year then 29 else 28)
    else builtins.elemAt [ 31 0 31 30 31 30 31 31 30 31 30 31 ] (month - 1);
in
what: text:
let
  parts = builtins.match
    "([0-9]{4})-?([0-9]{2})-?([0-9]{2})([T ]([0-9]{2}):([0-9]{2})(:([0-9]{2})([.,][0-9]+)?)?)? ?(Z|UTC|[-+][0-9]{2}(:?[0-9]{2})?)?"
    text;
  at = index: number (builtins.elemAt parts index);
  orZero = index: if builtins.elemAt parts index == null then 0 else at index;
  # How far the clock there is ahead.
  zone = if builtins.elemAt parts 9 == null then null
    else builtins.match "([-+])([0-9]{2}):?([0-9]{2})?" (builtins.elemAt parts 9);
  minutes = if builtins.elemAt zone 2 == null then 0 else number (builtins.elemAt zone 2);
  ahead = if zone == null then 0
    else (if builtins.head zone == "-" then 0 - 1 else 1) * (number (builtins.elemAt zone 1) * 3600 + minutes * 60);
  since = if builtins.isString text then builtins.match "@(-?)([0-9]+)" text else null;
  year = at 0; month = at 1; day = at 2; hour = orZero 4; minute = orZero 5; second = orZero 7;
  exists = month >= 1 && month <= 12 && day >= 1 && day <= lengthOf year month && hour < 24 && minute < 60 && second <= 60;
in
if builtins.isInt text then text
else if ! builtins.isString text then
  throw "stratapack: ${what} must be a time, not a ${builtins.typeOf text}"
else if text == "now" then
  builtins.currentTime or (throw "stratapack: ${what} = \"now\" needs an evaluation that knows the time (--impure)")
else if since != null then (if builtins.head since == "-" then 0 - 1 else 1) * number (builtins.elemAt since 1)
else if parts == null || ! exists then
  throw "stratapack: ${what} must be seconds since 1970, \"now\", or a time such as 2024-05-01T12:00:00Z, 2024-05-01 or \"2024-05-01 12:00:00 +0200\", not '${text}'"
else days year month day * 86400 + hour * 3600 + minute * 60 + second - ahead
