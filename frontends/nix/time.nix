# Times as dockerTools takes them, in seconds since 1970.
let
  number = text: builtins.fromJSON (let digits = builtins.match "0*([0-9]+)" text; in builtins.head digits);

  # Days since 1970-01-01 of a date of the Gregorian calendar; years begin in March, so that the leap
  # day is their last.
  days = year: month: day:
    let
      y = if month <= 2 then year - 1 else year;
      m = if month <= 2 then month + 9 else month - 3;
    in
    365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
in
what: text:
let
  parts = builtins.match
    "([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(Z|[+]00:00)" text;
  at = index: number (builtins.elemAt parts index);
in
if builtins.isInt text then text
else if text == "now" then
  builtins.currentTime or (throw "stratapack: ${what} = \"now\" needs an evaluation that knows the time (--impure)")
else if parts == null then
  throw "stratapack: ${what} must be seconds since 1970, \"now\", or a time in UTC written as 2024-05-01T12:00:00Z, not '${text}'"
else days (at 0) (at 1) (at 2) * 86400 + at 3 * 3600 + at 4 * 60 + at 5
