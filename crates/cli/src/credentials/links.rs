//! The providers in the order in which they are asked.

use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::profile::credentials::Builder;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;

use super::environment;
use super::link::{Lack, Link, checked};
use super::profiles::{self, Source, Wrong};
use crate::aws;

/// Instance metadata answers in milliseconds where it is there; elsewhere nothing does.
const METADATA_CONNECT_TIMEOUT: Duration = Duration::from_millis(700);
const METADATA_TIMEOUT: Duration = Duration::from_millis(1_500);
const METADATA_ATTEMPTS_MAX: u32 = 2;
const SERVICE_CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);
const SERVICE_TIMEOUT: Duration = Duration::from_secs(20);
const SERVICE_ATTEMPTS_MAX: u32 = 3;

const HINT_KEYS: &str = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where the key is \
                         temporary), or none of them. Instead of them: --profile NAME.";
const HINT_PROCESS: &str = "Run the credential_process of the profile by hand: what it writes is not shown here.";
const HINT_ROLE: &str = "Does the role exist, does it trust who assumes it, and is the external_id of the profile the \
                         one that it wants?";
const HINT_WEB_IDENTITY: &str = "Set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or neither. Instead of them: \
                                 --profile NAME.";

const HINT_NOTHING: &str = "Another profile: --profile NAME. Without a named profile those of the container or the \
                            instance are used.";
const NO_KEYS: &str = "it has no keys of its own, and names nothing that has";
const NOTHING: &str = "it says nothing about credentials";

/// The providers for a profile that was named on the command line, or the usual ones.
pub(super) async fn make(profile: Option<&str>, settings: &aws::Settings) -> Result<Vec<Link>, CredentialsError> {
    let services = config(settings, true)?;
    let local = config(settings, false)?;
    let keys = checked(environment::check_keys(), EnvironmentVariableCredentialsProvider::new());
    let container =
        checked(environment::check_container(), EcsCredentialsProvider::builder().configure(&local).build());
    let builder = ProfileFileCredentialsProvider::builder()
        .configure(&services)
        .with_custom_provider("Environment", keys.clone())
        .with_custom_provider("Ec2InstanceMetadata", metadata(&local))
        .with_custom_provider("EcsContainer", container.clone());
    if let Some(name) = profile {
        // Who names a profile means it: keys in the environment do not win over it.
        return Ok(vec![of_profile(builder, name, "", true).await]);
    }
    let mut environment = Link::new("environment", keys, Lack::Unset("AWS_ACCESS_KEY_ID is not set"));
    HINT_KEYS.clone_into(&mut environment.hint);
    match environment::text("AWS_PROFILE") {
        // Nobody stands in for a profile that is named.
        Ok(Some(name)) => return Ok(vec![environment, of_profile(builder, &name, " (AWS_PROFILE)", true).await]),
        Err(wrong) => {
            return Ok(vec![
                environment,
                Link::new("profile", checked(Err(wrong), builder.build()), Lack::Never(NOTHING)),
            ]);
        }
        Ok(None) => {}
    }
    let web_identity = WebIdentityTokenCredentialsProvider::builder().configure(&services).build();
    let mut web_identity = Link::new(
        "web identity",
        checked(environment::check_web_identity(), web_identity),
        Lack::Unset("AWS_WEB_IDENTITY_TOKEN_FILE is not set"),
    );
    HINT_WEB_IDENTITY.clone_into(&mut web_identity.hint);
    web_identity.hint_denied = Some(HINT_ROLE);
    let no_container = Lack::Unset("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set");
    let instance = checked(Ok(()), metadata(&local));
    Ok(vec![
        environment,
        of_profile(builder, "default", "", false).await,
        web_identity,
        Link::new("container", container, no_container),
        Link::new("instance metadata", instance, Lack::Anything),
    ])
}

/// A profile's link. Where it was not named, a profile that says nothing about credentials is passed over.
async fn of_profile(builder: Builder, name: &str, by: &str, is_named: bool) -> Link {
    let provider = builder.profile_name(name).build();
    let label = format!("profile \"{name}\"{by}");
    match profiles::find(name, is_named).await {
        Ok(found) => {
            let lack = match found.gives {
                true => Lack::Never(NO_KEYS),
                false if is_named => Lack::Never(NOTHING),
                false => Lack::NoProfile,
            };
            let mut link = Link::new(&label, checked(Ok(()), provider), lack);
            match found.source {
                _ if !found.gives => HINT_NOTHING.clone_into(&mut link.hint),
                Source::SingleSignOn => link.hint = format!("Sign in: aws sso login --profile {name}."),
                Source::Process => HINT_PROCESS.clone_into(&mut link.hint),
                Source::Other => {}
            }
            link.hint_denied = found.role.then_some(HINT_ROLE);
            link
        }
        Err(Wrong { reason, needs_code }) => {
            let mut link = Link::new(&label, checked(Err(reason), provider), Lack::Never(NOTHING));
            if needs_code {
                link.hint = format!(
                    "Let the AWS CLI ask for it: eval \"$(aws configure export-credentials --profile {name} --format env)\", \
                     or export what aws sts get-session-token gives. Then leave the profile out."
                );
            }
            link
        }
    }
}

/// What providers are made with: those of AWS's services go through proxies, those of this machine never.
fn config(settings: &aws::Settings, proxies: bool) -> Result<ProviderConfig, CredentialsError> {
    let config = ProviderConfig::without_region()
        .with_region(Some(settings.region()))
        .with_use_fips(Some(settings.fips))
        .with_use_dual_stack(Some(settings.dual_stack))
        .with_retry_config(RetryConfig::standard().with_max_attempts(SERVICE_ATTEMPTS_MAX))
        .with_timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(SERVICE_CONNECT_TIMEOUT)
                .operation_timeout(SERVICE_TIMEOUT)
                .build(),
        );
    aws::with_http_client(config, settings.ca_bundle.as_deref(), proxies)
        .map_err(CredentialsError::invalid_configuration)
}

/// The credentials of this machine's role, asked for with little patience.
fn metadata(config: &ProviderConfig) -> ImdsCredentialsProvider {
    let client = imds::Client::builder()
        .configure(config)
        .connect_timeout(METADATA_CONNECT_TIMEOUT)
        .read_timeout(METADATA_TIMEOUT)
        .operation_timeout(METADATA_TIMEOUT)
        .operation_attempt_timeout(METADATA_TIMEOUT)
        .max_attempts(METADATA_ATTEMPTS_MAX)
        .build();
    ImdsCredentialsProvider::builder().configure(config).imds_client(client).build()
}
