//! What letters are sent through, as far as it can be asked what became of them.

use std::future::ready;

use super::Mailer;
use crate::domain::{
    delivery_reports::Provider,
    letter_status::{StatusAnswer, StatusError, StatusQuery, StatusSource},
};

impl StatusSource for Mailer {
    fn provider(&self) -> Option<Provider> {
        match self {
            Self::Http(_, server) => Some(server.provider()),
            Self::Directory(..) | Self::Smtp(..) => None,
        }
    }

    fn can_tell(&self, query: &StatusQuery) -> bool {
        match self {
            Self::Http(builder, server) => server.can_tell(query, builder),
            Self::Directory(..) | Self::Smtp(..) => false,
        }
    }

    fn status<'a>(&'a self, query: &'a StatusQuery) -> StatusAnswer<'a> {
        match self {
            Self::Http(builder, server) => Box::pin(server.status(query, builder)),
            Self::Directory(..) | Self::Smtp(..) => {
                let words = "Letters go through a relay or into a folder, which cannot be asked.";
                Box::pin(ready(Err(StatusError::Refused(words.to_owned()))))
            }
        }
    }
}
