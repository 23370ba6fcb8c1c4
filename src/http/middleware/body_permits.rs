//! How many bodies of a kind are in hand at once, of one client and of all: what waits beyond that is not
//! read yet.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::http::response::problem::Problem;
use crate::{domain::client_address::ClientAddress, services::ServiceError};

/// How long a request waits before it is answered 503.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(2);

/// The limits of bodies that are held at once.
pub struct BodyPermits {
    all: Arc<Semaphore>,
    per_client: usize,
    /// What each client that has some, or waits for some, may have.
    shares: Mutex<HashMap<IpNet, Arc<Semaphore>>>,
    timeout: Duration,
}

/// A permit for one body, until it is dropped.
pub struct BodyPermit {
    _held: [OwnedSemaphorePermit; 2],
}

impl BodyPermits {
    /// So many of all, and so many of one client.
    pub fn new(all: usize, per_client: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            per_client,
            shares: Mutex::default(),
            timeout: PERMIT_TIMEOUT,
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// 503 when it takes too long.
    pub async fn acquire(&self, client: ClientAddress) -> Result<BodyPermit, Problem> {
        let (share, all) = (self.share(client.host()), self.all.clone());
        let held = async {
            // The client's own share first: waiting for that delays no other client.
            let share = share.acquire_owned().await?;
            Ok::<_, AcquireError>(BodyPermit { _held: [share, all.acquire_owned().await?] })
        };
        match tokio::time::timeout(self.timeout, held).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(ServiceError::Busy(
                "Too many bodies of this kind are being received. Try again in a moment.",
            )
            .into()),
        }
    }

    fn share(&self, host: IpNet) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        // A share that is held or waited for has further references.
        shares.retain(|_, share| Arc::strong_count(share) > 1);
        shares.entry(host).or_insert_with(|| Arc::new(Semaphore::new(self.per_client))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> ClientAddress {
        ClientAddress::new(text.parse().unwrap())
    }

    #[actix_web::test]
    async fn no_client_has_all_of_them() {
        let permits = BodyPermits { timeout: Duration::from_millis(10), ..BodyPermits::new(3, 2) };
        let (greedy, other) = (client("203.0.113.7"), client("203.0.113.8"));
        let mut held = vec![permits.acquire(greedy).await.unwrap(), permits.acquire(greedy).await.unwrap()];
        assert!(permits.acquire(greedy).await.is_err());
        held.push(permits.acquire(other).await.unwrap());
        assert!(permits.acquire(other).await.is_err());
        held.clear();
        permits.acquire(greedy).await.unwrap();
        assert_eq!(permits.shares.lock().unwrap().len(), 1, "those who have left are forgotten");
    }
}
