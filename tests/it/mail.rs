//! Letters on their way to a relay or a mail provider, with every fault of theirs.

mod check_mail;
mod courier_outage;
mod envelope;
mod pace;
mod postfix;
mod providers;
mod refusal_causes;
mod relay_replies;
mod signed_letters;
mod simulated_hour;
mod slow_letters;
mod smtp_faults;
mod smtp_session;
