//! A transport that answers some operations with files, and sends the rest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use ec2ql_ec2::{Answer, Request, Transport, TransportError};

/// The answers of a file, shared with the sessions that it starts.
#[derive(Debug, Clone)]
pub(crate) struct Canned {
    network: Arc<dyn Transport>,
    answers: Arc<Mutex<HashMap<String, (u16, Bytes)>>>,
}

impl Canned {
    pub(crate) fn new(network: Arc<dyn Transport>) -> Self {
        Self { network, answers: Arc::default() }
    }

    /// From now on this is what an operation answers.
    pub(crate) fn answer(&self, operation: &str, status: u16, body: Vec<u8>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(format!("Action={operation}"), (status, body.into()));
    }

    fn find(&self, body: &[u8]) -> Option<(u16, Bytes)> {
        let action = body.split(|byte| *byte == b'&').find(|field| field.starts_with(b"Action="))?;
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(std::str::from_utf8(action).ok()?).cloned()
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        match self.find(&request.body) {
            Some((status, body)) => Ok(Answer { status, body, ..Answer::default() }),
            None => self.network.send(request).await,
        }
    }
}
