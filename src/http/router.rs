//! The routes, and the application that serves them.

use std::sync::Arc;

use actix_web::{
    App,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    http::Method,
    middleware::from_fn,
    web::{self, Data},
};
use utoipa_actix_web::AppExt;

use super::{
    activation_page, api, confirm_email_page, middleware, ops, password_reset_page,
    server::serving,
    state::{METRICS_PATH, State},
};

/// Where providers report, and some of them ask first whether they may.
const WEBHOOKS: &str = "/v1/mail-events/{provider}";

/// The table of the API's routes. Every route is in it and, through it, in the contract: the same lines make
/// the application and collect the document. A macro, since the two have different types, and collecting the
/// document in every worker would cost each of them a few megabytes.
macro_rules! routes {
    ($app:expr) => {
        $app.service(api::system_users::invite::invite)
            .service(api::account_owners::invite::invite)
            .service(api::sub_accounts::invite::invite)
            .service(api::sub_accounts::create::create)
            .service(api::accounts::list::list)
            .service(api::accounts::get::get)
            .service(api::accounts::sub_accounts::sub_accounts)
            .service(api::me::get::get)
            .service(api::memberships::remove::remove)
            .service(api::memberships::leave::leave)
            // Before the routes with an id in the place of `batch` or `counts`.
            .service(api::batches::invites::invite)
            .service(api::batches::resends::resend)
            .service(api::invitations::list::list)
            .service(api::invitations::counts::counts)
            .service(api::invitations::get::get)
            .service(api::invitations::update::update)
            .service(api::invitations::events::events)
            .service(api::invitations::recheck::recheck)
            .service(api::invitations::resend::resend)
            .service(api::invitations::revoke::revoke)
            .service(api::users::list::list)
            .service(api::users::export_csv::export)
            .service(api::users::counts::counts)
            .service(api::users::get::get)
            .service(api::users::update::update)
            .service(api::users::block::block)
            .service(api::users::unblock::unblock)
            .service(api::users::erase::erase)
            .service(api::users::export::export)
            .service(api::users::resend_invitation::resend_invitation)
            .service(api::roles::list::list)
            .service(api::delivery::get::get)
            .service(api::suppressions::list::list)
            .service(api::suppressions::lift::lift)
            .service(api::audit_events::list::list)
            .service(api::audit_events::export_csv::export)
            .service(api::api_clients::create::create)
            .service(api::api_clients::list::list)
            .service(api::api_clients::get::get)
            .service(api::api_clients::rotate::rotate)
            .service(api::api_clients::revoke::revoke)
            .service(api::webhook_endpoints::create::create)
            .service(api::webhook_endpoints::list::list)
            .service(api::webhook_endpoints::get::get)
            .service(api::webhook_endpoints::update::update)
            .service(api::webhook_endpoints::delete::delete)
            .service(api::webhook_endpoints::rotate::rotate)
            .service(api::webhook_endpoints::test_event::test_event)
            .service(api::webhook_endpoints::attempts::attempts)
            .service(api::webhook_endpoints::replay::replay)
            .service(api::activations::preview::preview)
            .service(api::activations::activate::activate)
            .service(api::activations::renew::renew)
            .service(api::auth::token::sign_in)
            .service(api::auth::refresh::refresh)
            .service(api::auth::sign_out::sign_out)
            .service(api::auth::sign_out_everywhere::sign_out_everywhere)
            .service(api::auth::password::change)
            .service(api::well_known::jwks::get)
            .service(api::well_known::openid_configuration::get)
            .service(api::auth::password_reset::request)
            .service(api::auth::confirm_password_reset::confirm)
            .service(api::auth::confirm_email_change::confirm)
            // Before the route with a provider in the place of `dsn`.
            .service(api::returned_mail::receive)
            .service(api::webhooks::receive)
            .service(ops::health::healthz)
            .service(ops::health::readyz)
            .service(ops::metrics::metrics)
            .service(ops::docs::contract)
            .service(ops::docs::problem)
    };
}

/// The routes of the built-in pages, which are for people and no part of the contract. `openapi::routes` has
/// their paths.
macro_rules! page_routes {
    ($app:expr) => {
        $app.service(confirm_email_page::show)
            .service(confirm_email_page::submit)
            .service(password_reset_page::show)
            .service(password_reset_page::submit)
            .service(password_reset_page::submit_request)
            .service(activation_page::routes::show)
            .service(activation_page::routes::submit)
            .service(activation_page::routes::submit_renewal)
            .service(activation_page::routes::submit_unsubscription)
    };
}

/// The contract as collected from the handlers.
pub(super) fn collected() -> utoipa::openapi::OpenApi {
    let (_, document) = routes!(App::new().into_utoipa_app()).split_for_parts();
    document
}

/// The application of the listener for metrics: nothing else is there.
pub fn metrics_app(
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
    App::new()
        .route(METRICS_PATH, web::get().to(ops::metrics::render))
        .default_service(web::to(ops::metrics::nothing_else))
        .app_data(Data::from(state))
        .wrap(from_fn(middleware::request_log::middleware))
        .wrap(from_fn(serving::middleware))
}

/// The application of the API: one for each worker.
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
    let cors = middleware::cors::middleware(&state.settings.cors_origins);
    let base_path = Data::new(state.settings.base_path.clone());
    page_routes!(routes!(App::new()))
        .service(ops::swagger_ui::files())
        .route("/docs", web::get().to(ops::docs::to_docs))
        .route(WEBHOOKS, web::method(Method::OPTIONS).to(api::webhooks::allow::allow))
        .default_service(web::to(ops::docs::nothing_here))
        .app_data(Data::from(state))
        .app_data(base_path)
        .wrap(from_fn(middleware::audit_denials::middleware))
        .wrap(from_fn(middleware::accept::middleware))
        .wrap(from_fn(middleware::rate_limit::middleware))
        .wrap(from_fn(middleware::letter_quota::middleware))
        .wrap(cors)
        .wrap(from_fn(middleware::request_log::middleware))
        .wrap(from_fn(middleware::request_path::middleware))
        .wrap(from_fn(serving::middleware))
}
