//! What the environment and the AWS configuration files say, besides credentials.

mod checks;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_types::service_config::ServiceConfigKey;
use ec2ql_engine::Error;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

/// The regions that AWS's own tools fall back to, partition by partition.
const DEFAULT_REGIONS: [(&str, &str); 8] = [
    ("aws", "us-east-1"),
    ("aws-cn", "cn-north-1"),
    ("aws-us-gov", "us-gov-west-1"),
    ("aws-eusc", "eusc-de-east-1"),
    ("aws-iso", "us-iso-east-1"),
    ("aws-iso-b", "us-isob-east-1"),
    ("aws-iso-e", "eu-isoe-west-1"),
    ("aws-iso-f", "us-isof-south-1"),
];

/// Settings of the environment and of one profile. No region of it ever enters a query.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where STS is asked, and tables that any region answers alike.
    pub(crate) region: String,
    pub(crate) endpoint_url: Option<Url>,
    pub(crate) fips: bool,
    pub(crate) dual_stack: bool,
    pub(crate) attempts_max: Option<u32>,
    pub(crate) ca_bundle: Option<Vec<u8>>,
}

impl Settings {
    pub(crate) async fn load(profile: Option<&str>) -> Result<Self, Error> {
        checks::check_proxies()?;
        checks::check_metadata_switch()?;
        let mut profile_region = ProfileFileRegionProvider::builder();
        if let Some(name) = profile {
            profile_region = profile_region.profile_name(name);
        }
        // Not the instance's own region: asking for it takes a second where there is no instance.
        let region =
            RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new()).or_else(profile_region.build());
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(region)
            .no_credentials()
            .token_provider(NoToken)
            // Retries are ours; the library's own reading of their settings panics.
            .retry_config(RetryConfig::standard());
        if let Some(name) = profile {
            loader = loader.profile_name(name);
        }
        let config = loader.load().await;
        let ca_bundle = lookup(&config, "AWS_CA_BUNDLE", "ca_bundle").filter(|path| !path.is_empty());
        Ok(Self {
            region: config.region().map_or_else(|| default_region(&config), ToString::to_string),
            endpoint_url: endpoint_url(&config)?,
            fips: checks::switch(&config, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?,
            dual_stack: checks::switch(&config, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?,
            attempts_max: checks::attempts_max(&config)?,
            ca_bundle: ca_bundle.map(|path| certificates(&path)).transpose()?,
        })
    }

    pub(crate) fn region(&self) -> Region {
        Region::new(self.region.clone())
    }
}

/// The token provider that is not needed here, and would be made otherwise.
#[derive(Debug)]
struct NoToken;

impl aws_credential_types::provider::token::ProvideToken for NoToken {
    fn provide_token<'a>(&'a self) -> aws_credential_types::provider::future::ProvideToken<'a>
    where
        Self: 'a,
    {
        let error = aws_credential_types::provider::error::TokenError::not_loaded("no token is needed");
        aws_credential_types::provider::future::ProvideToken::ready(Err(error))
    }
}

/// `AWS_ENDPOINT_URL_EC2`, `AWS_ENDPOINT_URL`, the profile's `services` section, the profile, in this order.
fn endpoint_url(config: &SdkConfig) -> Result<Option<Url>, Error> {
    // Where configured endpoints are to be ignored, the general lookup gives none, while the service's own does.
    if checks::switch(config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")? {
        return Ok(None);
    }
    let Some(text) = lookup(config, "AWS_ENDPOINT_URL", "endpoint_url").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    Url::parse(&text).map(Some).map_err(|error| {
        Error::usage(
            format!("the configured endpoint \"{text}\" is no URL: {error}"),
            Some("It comes from AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL, or endpoint_url in the AWS configuration."),
        )
    })
}

/// The certificates of a bundle that can be trusted. One that nobody can read is left out, as it is from the system's:
/// AWS's client would panic.
fn certificates(path: &str) -> Result<Vec<u8>, Error> {
    const END: &str = "-----END CERTIFICATE-----";
    let unusable = |reason: String| {
        let hint = "It is named by AWS_CA_BUNDLE or ca_bundle.";
        Error::usage(format!("the CA bundle \"{path}\" {reason}"), Some(hint))
    };
    let bytes = std::fs::read(path).map_err(|error| unusable(format!("cannot be read: {error}")))?;
    let is_usable = |pem: &&str| {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes());
        certificate.is_ok_and(|certificate| RootCertStore::empty().add(certificate).is_ok())
    };
    let text = String::from_utf8_lossy(&bytes);
    let blocks = text.split_inclusive(END).filter_map(|block| block.get(block.find("-----BEGIN CERTIFICATE-----")?..));
    let pem: Vec<&str> = blocks.filter(is_usable).collect();
    if pem.is_empty() {
        return Err(unusable("holds no certificate that can be used".to_owned()));
    }
    Ok(pem.join("\n").into_bytes())
}

fn lookup(config: &SdkConfig, env: &str, profile: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("ec2").env(env).profile(profile).build().ok()?;
    config.service_config()?.load_config(key)
}

/// The default region of the partition in which a role lies.
fn default_region(config: &SdkConfig) -> String {
    let arn = lookup(config, "AWS_ROLE_ARN", "role_arn").unwrap_or_default();
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    let found = DEFAULT_REGIONS.iter().find(|(name, _)| *name == partition);
    found.map_or("us-east-1", |(_, region)| region).to_owned()
}

/// The providers' client: for STS and SSO through the proxies of the environment, for this machine's endpoints never.
pub(crate) fn with_http_client(
    config: ProviderConfig,
    ca_bundle: Option<&[u8]>,
    proxies: bool,
) -> Result<ProviderConfig, Error> {
    let trust = match ca_bundle {
        Some(pem) => TrustStore::empty().with_pem_certificate(pem),
        None => TrustStore::default(),
    };
    let context = TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| Error::usage(format!("the CA bundle cannot be used: {error}"), None))?;
    let proxy = if proxies { ProxyConfig::from_env() } else { ProxyConfig::disabled() };
    Ok(config.with_http_client(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder().proxy_config(proxy.clone());
        builder.set_connector_settings(settings.cloned());
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method's type is of a crate that is not ours to name"
        )]
        builder.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context.clone()).build()
    })))
}
