//! A session whose answers are in memory: what is left to measure is ec2ql itself, without network and files.

use std::sync::Arc;

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use ec2ql_catalog::Catalog;
use ec2ql_ec2::{
    Answer, Client, Config, Endpoints, Limits, Request, Retry, SystemClock, SystemRandom, Transport, TransportError,
};
use ec2ql_engine::{Options, Outcome, Session};
use futures::StreamExt;
use tokio::runtime::Runtime;

use crate::pages::{Page, Work};

/// The documents of one listing, a page each.
#[derive(Debug, Clone)]
pub(crate) struct Canned(pub(crate) Arc<[Bytes]>);

impl Canned {
    pub(crate) fn new(work: Work, indented: bool, pages: usize, page_rows: usize) -> Self {
        let page = |number: usize| {
            let page = Page::new(work, indented, number, page_rows);
            let next = (number + 1 < pages).then(|| format!("page-{}", number + 1));
            Bytes::from(format!("{}{}", page.text, page.tail(next.as_deref())))
        };
        Self((0..pages).map(page).collect())
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(Config {
            credentials: SharedCredentialsProvider::new(Credentials::new("AKIDEXAMPLE", "secret", None, None, "bench")),
            endpoints: Endpoints::default(),
            transport: Arc::new(self.clone()),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            retry: Retry::default(),
            limits: Limits::default(),
            user_agent: "bench".to_owned(),
        })
        .unwrap()
    }

    pub(crate) fn session(&self) -> Session {
        let options = Options {
            client: self.client(),
            catalog: Catalog::embedded(),
            home_region: "us-east-1".to_owned(),
            settings: vec![],
        };
        Session::new(options).unwrap()
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let form = std::str::from_utf8(&request.body).unwrap();
        let token = form.split('&').find_map(|field| field.strip_prefix("NextToken=page-"));
        let number: usize = token.map_or(0, |number| number.parse().unwrap());
        Ok(Answer { status: 200, body: self.0[number].clone(), ..Answer::default() })
    }
}

/// One thread, so that a count is of everything and a time has no hand-over between threads in it.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// Plans a statement; nothing is requested yet.
pub(crate) fn plan(runtime: &Runtime, session: &Session, sql: &str) -> Outcome {
    let statement = session.parse(sql).unwrap().remove(0);
    runtime.block_on(session.run(statement)).unwrap()
}

/// Runs a query to its end; gives the number of rows.
pub(crate) fn rows(runtime: &Runtime, session: &Session, sql: &str) -> usize {
    let Outcome::Rows(mut rows) = plan(runtime, session, sql) else { return 0 };
    runtime.block_on(async {
        let mut count = 0;
        while let Some(batch) = rows.stream.next().await {
            count += batch.unwrap().num_rows();
        }
        count
    })
}
