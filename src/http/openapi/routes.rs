//! The contract's paths, as a table for telling 405 from 404.

use actix_web::dev::ResourceDef;
use utoipa::openapi::OpenApi;

/// Which methods the contract's paths know.
pub struct RouteTable(Vec<(ResourceDef, String)>);

impl RouteTable {
    /// The table of a contract.
    pub fn of(document: &OpenApi) -> Self {
        let rows = document.paths.paths.iter().map(|(path, item)| {
            let mut methods = Vec::new();
            if item.get.is_some() {
                methods.extend(["GET", "HEAD"]);
            }
            let others = [(&item.post, "POST"), (&item.put, "PUT"), (&item.patch, "PATCH"), (&item.delete, "DELETE")];
            methods.extend(others.into_iter().filter(|(operation, _)| operation.is_some()).map(|(_, name)| name));
            (ResourceDef::new(path.as_str()), methods.join(", "))
        });
        Self(rows.collect())
    }

    /// The methods of the route that `path` would take, joined by commas; `None` when there is none. A path without a
    /// parameter goes before one with.
    pub fn methods(&self, path: &str) -> Option<String> {
        let mut matching: Vec<&(ResourceDef, String)> = self.0.iter().filter(|(route, _)| route.is_match(path)).collect();
        matching.sort_by_key(|(route, _)| route.pattern().is_some_and(|pattern| pattern.contains('{')));
        matching.first().map(|(_, methods)| methods.clone())
    }
}
