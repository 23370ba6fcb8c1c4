//! Whether the courier is running.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::closed_set::closed_set;

closed_set! {
    /// How the courier is: `elsewhere` when it runs in a process of its own.
    #[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum CourierCondition {
        /// It is running in this process.
        Ok = "ok",
        /// It was, and has stopped.
        Stopped = "stopped",
        /// It is configured to send nothing (`--hold-mail`): letters wait.
        Held = "held",
        /// It is another process's work.
        Elsewhere = "elsewhere",
    }
}

/// The condition of the courier, as `/readyz` has it.
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

    /// It is configured to send nothing.
    #[must_use]
    pub fn held() -> Self {
        Self(Watched::Held)
    }

    /// A process of its own does that work.
    #[must_use]
    pub fn elsewhere() -> Self {
        Self(Watched::Elsewhere)
    }

    pub(super) fn condition(&self) -> CourierCondition {
        match &self.0 {
            Watched::Elsewhere => CourierCondition::Elsewhere,
            Watched::Held => CourierCondition::Held,
            Watched::Here(flag) if flag.load(Ordering::Relaxed) => CourierCondition::Ok,
            Watched::Here(_) => CourierCondition::Stopped,
        }
    }
}
