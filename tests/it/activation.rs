//! The activation link: its page, its form, its tokens, and whose password it sets.

mod act_for_another;
mod activate;
mod browser;
mod damaged_links;
mod languages;
mod link_templates;
mod page;
mod page_customers;
mod passwords;
mod proven_addresses;
mod proven_addresses_races;
mod time_zones;
