//! A session with what it talks to: the embedded endpoint, or AWS.

use std::sync::Arc;

use aws_credential_types::provider::SharedCredentialsProvider;
use ec2ql_catalog::Catalog;
use ec2ql_ec2::{Client, Config, Endpoints, Http, HttpConfig, Limits, Retry, SystemClock, SystemRandom};
use ec2ql_engine::{Error, Options, Session};
use fake_ec2::Fake;
use url::Url;

use crate::args::Endpoint;
use crate::aws::Settings;
use crate::credentials::{Chain, Trace, fixed};

/// A session, and facts about its other end. No secret is in them.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) session: Session,
    pub(crate) trace: Trace,
    pub(crate) client: Client,
    pub(crate) home_region: String,
    profile: String,
    demo: Option<Fake>,
    custom: Option<Url>,
}

impl Connection {
    /// Reads what is needed to know whom to ask; nothing is sent, and no credentials are looked for.
    pub(crate) async fn open(endpoint: &Endpoint, settings: Vec<(String, String)>) -> Result<Self, Error> {
        match endpoint {
            Endpoint::Demo => Self::demo(settings).await,
            Endpoint::Aws { profile, url } => Self::aws(profile.clone(), url.clone(), settings).await,
        }
    }

    async fn demo(settings: Vec<(String, String)>) -> Result<Self, Error> {
        let options = fake_ec2::Options::default();
        let credentials = fixed(&options.access_key, &options.secret_key, options.session_token.clone());
        let fake = Fake::start(options).await.map_err(|error| Error::output("to the embedded endpoint", error))?;
        let url = fake
            .url()
            .parse()
            .map_err(|error| Error::usage(format!("the embedded endpoint has no URL: {error}"), None))?;
        let network = Network {
            endpoints: Endpoints { custom: Some(url), ..Endpoints::default() },
            http: HttpConfig { system_proxy: false, ..HttpConfig::default() },
            retry: Retry::default(),
        };
        let facts = Facts {
            trace: Trace::default(),
            home_region: "us-east-1".to_owned(),
            profile: "none (demo)".to_owned(),
            demo: Some(fake),
        };
        Self::new(facts, credentials, network, settings)
    }

    async fn aws(profile: Option<String>, url: Option<Url>, settings: Vec<(String, String)>) -> Result<Self, Error> {
        let found = Arc::new(Settings::load(profile.as_deref()).await?);
        let network = Network {
            endpoints: Endpoints {
                custom: url.or_else(|| found.endpoint_url.clone()),
                fips: found.fips,
                dual_stack: found.dual_stack,
                ..Endpoints::default()
            },
            http: HttpConfig { ca_bundle_pem: found.ca_bundle.clone(), ..HttpConfig::default() },
            retry: found.attempts_max.map_or_else(Retry::default, |attempts_max| Retry { attempts_max }),
        };
        let trace = Trace::default();
        let facts = Facts {
            trace: trace.clone(),
            home_region: found.region.clone(),
            profile: profile
                .clone()
                .or_else(|| std::env::var("AWS_PROFILE").ok())
                .unwrap_or_else(|| "default".to_owned()),
            demo: None,
        };
        let credentials = SharedCredentialsProvider::new(Chain::new(profile, found, trace));
        Self::new(facts, credentials, network, settings)
    }

    fn new(
        facts: Facts,
        credentials: SharedCredentialsProvider,
        network: Network,
        settings: Vec<(String, String)>,
    ) -> Result<Self, Error> {
        let Network { endpoints, http, retry } = network;
        let custom = endpoints.custom.clone();
        let client = Client::new(Config {
            credentials,
            endpoints,
            transport: Arc::new(Http::new(http)?),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            retry,
            limits: Limits::default(),
            user_agent: concat!("ec2ql/", env!("CARGO_PKG_VERSION")).to_owned(),
        })?;
        let session = Session::new(Options {
            client: client.clone(),
            catalog: Catalog::embedded(),
            home_region: facts.home_region.clone(),
            settings,
        })?;
        let Facts { trace, home_region, profile, demo } = facts;
        Ok(Self { session, trace, client, home_region, profile, demo, custom })
    }

    /// Profile, source of the credentials, regions, endpoint: for `\conninfo` and `-v`.
    pub(crate) fn describe(&self) -> String {
        let credentials = match (&self.demo, self.trace.source()) {
            (Some(_), _) => "of the embedded endpoint".to_owned(),
            (None, Some(source)) => source,
            (None, None) => "not looked for yet".to_owned(),
        };
        let regions = self.session.settings().regions;
        let regions = if regions.is_empty() { "named by each statement".to_owned() } else { regions.join(", ") };
        let endpoint = match (&self.demo, &self.custom) {
            (Some(fake), _) => format!("{} (embedded)", fake.url()),
            (None, Some(url)) => format!("{} (custom)", without_secrets(url)),
            (None, None) => {
                self.client.endpoint(&self.home_region).unwrap_or_else(|_| "AWS".to_owned()) + " and its like"
            }
        };
        format!(
            "profile:     {}\ncredentials: {credentials}\nregions:     {regions}\nendpoint:    {endpoint}\n",
            self.profile
        )
    }

    /// The endpoint where it is not AWS's: a person should see that before anything is sent.
    pub(crate) fn custom_endpoint(&self) -> Option<String> {
        self.custom.as_ref().filter(|_| self.demo.is_none()).map(without_secrets)
    }
}

struct Network {
    endpoints: Endpoints,
    http: HttpConfig,
    retry: Retry,
}

struct Facts {
    trace: Trace,
    home_region: String,
    profile: String,
    demo: Option<Fake>,
}

fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    // Neither can fail for a URL with a host; without one there is nothing to hide.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.set_query(None);
    url.to_string()
}
