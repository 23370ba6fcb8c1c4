//! HTTP: turns requests into values, asks a service, turns the outcome into an answer. No rule lives here.

pub mod activation_page;
pub mod api;
mod extract;
mod middleware;
mod openapi;
mod ops;
mod response;
pub mod server;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix_web::{
    App, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data},
};
use ipnet::IpNet;
use utoipa_actix_web::AppExt;

pub use self::openapi::document;
use self::{
    activation_page::html::Pages,
    api::batches::MemoryBudget,
    extract::client_address::ClientAddresses,
    middleware::{body_permits::BodyPermits, rate_limit::Limits},
    ops::health::CourierCondition,
};
use crate::{
    domain::{delivery_reports::Keys, locale::Locale, time_zone::TimeZone},
    metrics::Metrics,
    services::Services,
};

/// Everything that handlers need. One for the whole process, shared by its workers.
pub struct State {
    /// The verbs.
    pub services: Services,
    /// The activation page.
    pub pages: Pages,
    /// The contract as text, one for all answers.
    pub contract: web::Bytes,
    /// The paths of the contract, for telling 405 from 404.
    routes: openapi::RouteTable,
    /// How often the public routes may be called.
    limits: Limits,
    /// Whom proxies speak for.
    clients: ClientAddresses,
    /// How many reports of mail providers are in hand at once.
    mail_event_bodies: BodyPermits,
    /// How much of batches is in hand at once.
    batches: MemoryBudget,
    /// Whether the courier of this process is at work.
    pub courier: CourierWatch,
    /// Counts.
    pub metrics: Metrics,
    /// What the configuration says about HTTP.
    pub settings: Settings,
}

/// Whether the courier is at work, as `/readyz` tells it.
#[derive(Clone)]
pub struct CourierWatch(Watched);

#[derive(Clone)]
enum Watched {
    Here(Arc<AtomicBool>),
    Held,
    Elsewhere,
}

impl CourierWatch {
    /// The courier of this process; the flag is true while it works.
    #[must_use]
    pub fn here(flag: Arc<AtomicBool>) -> Self {
        Self(Watched::Here(flag))
    }

    /// It was told to send nothing.
    #[must_use]
    pub fn held() -> Self {
        Self(Watched::Held)
    }

    /// A process of its own does that work.
    #[must_use]
    pub fn elsewhere() -> Self {
        Self(Watched::Elsewhere)
    }

    fn condition(&self) -> CourierCondition {
        match &self.0 {
            Watched::Elsewhere => CourierCondition::Elsewhere,
            Watched::Held => CourierCondition::Held,
            Watched::Here(flag) if flag.load(Ordering::Relaxed) => CourierCondition::Ok,
            Watched::Here(_) => CourierCondition::Stopped,
        }
    }
}

/// What the configuration says about HTTP.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether the service is reached by https alone.
    pub https: bool,
    /// What `type` in a problem is built from, without a slash at its end.
    pub public_url: String,
    /// The language of the page when the invitation names none.
    pub locale: Locale,
    /// The time zone of the page.
    pub time_zone: TimeZone,
    /// The providers that may report, and how they prove themselves.
    pub mail_events: Keys,
    /// Whether the public routes are limited.
    pub rate_limits: bool,
    /// Whose `X-Forwarded-For` or `Forwarded` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl State {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When a template or the contract cannot be built, which a test rules out.
    pub fn new(
        services: Services,
        courier: CourierWatch,
        metrics: Metrics,
        settings: Settings,
    ) -> Result<Arc<Self>, Box<dyn std::error::Error>> {
        let document = document();
        ops::outcomes::declare(&metrics, &document);
        Ok(Arc::new(Self {
            pages: Pages::new()?,
            contract: document.to_pretty_json()?.into(),
            routes: openapi::RouteTable::of(&document),
            limits: Limits::new(settings.rate_limits, &services.clock),
            clients: ClientAddresses::new(settings.trusted_proxies.clone()),
            mail_event_bodies: BodyPermits::new(api::webhooks::BODIES.0, api::webhooks::BODIES.1),
            batches: MemoryBudget::new(),
            courier,
            metrics,
            services,
            settings,
        }))
    }
}

/// What is decided by the route alone, for tests that walk all of them.
#[derive(Debug, Clone)]
pub struct RouteRules {
    /// The path, with parameters in braces.
    pub path: String,
    /// The methods that it knows, joined by commas.
    pub methods: String,
    /// The policy of its `RateLimit`, and the quota.
    pub limit: Option<(&'static str, u32)>,
    /// Whether its answers are kept out of caches.
    pub is_sealed: bool,
}

/// Every route of the contract.
#[must_use]
pub fn routes() -> Vec<RouteRules> {
    let rules = |route: &openapi::Route| RouteRules {
        path: route.pattern.clone(),
        methods: route.methods.clone(),
        limit: route.policy.map(|policy| (policy.name(), policy.quota().get())),
        is_sealed: route.is_sealed,
    };
    openapi::RouteTable::of(&document()).all().iter().map(rules).collect()
}

/// The one table of routes. What is not in it does not exist, and what is in it is in the contract: the same lines make the
/// application and collect the document. A macro, since the two are made of different types, and collecting the document once
/// more in every worker costs each of them a few megabytes.
macro_rules! routes {
    ($app:expr) => {
        $app.service(api::system_users::invite)
            .service(api::account_owners::invite)
            .service(api::sub_accounts::invite)
            .service(api::sub_accounts::create)
            .service(api::accounts::list)
            .service(api::accounts::get)
            .service(api::accounts::sub_accounts)
            .service(api::memberships::remove)
            .service(api::memberships::leave)
            // Before the routes that take any id where these have a word.
            .service(api::batches::invite)
            .service(api::batches::resend)
            .service(api::invitations::list)
            .service(api::invitations::get)
            .service(api::invitations::update::amend)
            .service(api::invitations::events)
            .service(api::invitations::resend)
            .service(api::invitations::revoke)
            .service(api::users::list)
            .service(api::users::get)
            .service(api::users::resend)
            .service(api::roles::list)
            .service(api::suppressions::list)
            .service(api::suppressions::lift)
            .service(api::activations::preview)
            .service(api::activations::activate)
            .service(api::activations::renew)
            .service(api::auth_token::sign_in)
            .service(activation_page::routes::show)
            .service(activation_page::routes::submit)
            .service(activation_page::routes::submit_renewal)
            .service(activation_page::routes::submit_unsubscription)
            .service(api::webhooks::receive)
            .service(ops::health::healthz)
            .service(ops::health::readyz)
            .service(ops::metrics::metrics)
            .service(ops::docs::contract)
            .service(ops::docs::problem)
    };
}

/// The contract, as far as the handlers tell it.
fn collected() -> utoipa::openapi::OpenApi {
    let (_, document) = routes!(App::new().into_utoipa_app()).split_for_parts();
    document
}

/// The application: one for each worker.
pub fn app(
    state: Arc<State>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    routes!(App::new())
        .service(ops::swagger_ui::files())
        .route("/docs", web::get().to(ops::docs::to_docs))
        .default_service(web::to(ops::docs::nothing_here))
        .app_data(Data::from(state))
        .wrap(from_fn(middleware::accept::middleware))
        .wrap(from_fn(middleware::rate_limit::middleware))
        .wrap(from_fn(middleware::letter_quota::middleware))
        .wrap(from_fn(middleware::request_log::middleware))
        .wrap(from_fn(middleware::trailing_slash::middleware))
        .wrap(from_fn(server::middleware))
}

/// The number of seconds that `Retry-After` names when the database is away or a queue is full.
pub(crate) const RETRY_AFTER: u64 = 2;

/// Seals an answer that carries or follows a token, or that is meant for one caller alone.
fn sealed(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    for (name, value) in middleware::accept::NO_STORE_HEADERS {
        headers.insert(name, actix_web::http::header::HeaderValue::from_static(value));
    }
    response
}
