use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use url::{Host, Url};

use crate::partitions::{Partition, partitions, regions};
use crate::{Error, Kind};

/// Which endpoints are asked. It comes from flags, environment and configuration files, never from SQL.
#[derive(Clone, Default)]
pub struct Endpoints {
    /// Asked instead of AWS's endpoints, for every region.
    pub custom: Option<Url>,
    /// Ask the FIPS endpoints.
    pub fips: bool,
    /// Ask the dual-stack endpoints.
    pub dual_stack: bool,
    /// Regions that are not in the table yet. Each must be named as one of a partition's regions could be.
    pub extra_regions: Vec<String>,
    /// Accept a custom endpoint without TLS that is not on loopback.
    pub allow_http: bool,
}

impl Endpoints {
    /// Checks what does not depend on a region.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for region in &self.extra_regions {
            if !partitions().iter().any(|partition| partition.matches(region)) {
                let reason = format!("the additional region {region:?} is named as no partition names its regions");
                return Err(Error::new(Kind::Region, reason));
            }
        }
        let Some(url) = &self.custom else {
            return Ok(());
        };
        if self.fips || self.dual_stack {
            return Err(refuse(url, "a custom endpoint cannot be combined with FIPS or dual-stack endpoints"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(url, "it holds a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse(url, "it has a query or fragment"));
        }
        let Some(host) = url.host() else {
            return Err(refuse(url, "it has no host"));
        };
        if is_link_local(&host) {
            return Err(refuse(url, "its address is link-local"));
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.allow_http || is_loopback(&host) => Ok(()),
            "http" => Err(refuse(url, "plain http is accepted for loopback only")),
            _ => Err(refuse(url, "it is neither http nor https")),
        }
    }

    /// The partition of a region that may be asked.
    pub(crate) fn partition(&self, region: &str) -> Result<&'static Partition, Error> {
        if let Some(known) = regions().find(|known| known.name == region) {
            return Ok(known.partition);
        }
        let extra = self.extra_regions.iter().any(|extra| extra == region);
        let partition = partitions().iter().find(|partition| extra && partition.matches(region));
        partition.ok_or_else(|| {
            Error::new(Kind::Region, format!("there is no region {}", quote(region)))
                .with_suggestions(self.nearest(region))
        })
    }

    /// The URL to ask for a region. Its host is compared with the expected one: nothing that is signed goes elsewhere.
    pub(crate) fn resolve(&self, region: &str) -> Result<Url, Error> {
        let partition = self.partition(region)?;
        if let Some(url) = &self.custom {
            return Ok(url.clone());
        }
        let host = partition.host(region, self.fips, self.dual_stack);
        let url = Url::parse(&format!("https://{host}/")).map_err(|error| {
            Error::new(Kind::Endpoint, format!("no URL can be made for {}", quote(region))).with_source(error)
        })?;
        let expected = url.scheme() == "https"
            && url.host_str() == Some(host.as_str())
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        if expected {
            Ok(url)
        } else {
            Err(Error::new(Kind::Endpoint, format!("{} does not lead to {host}", quote(region))))
        }
    }

    /// The known names that are at most three letters away, the nearest first.
    fn nearest(&self, region: &str) -> Vec<String> {
        const NAMES_MAX: usize = 3;
        const DISTANCE_MAX: usize = 3;
        const LENGTH_MAX: usize = 40;
        if region.len() > LENGTH_MAX {
            return Vec::new();
        }
        let wanted = region.trim().to_ascii_lowercase();
        let names = regions().map(|known| known.name).chain(self.extra_regions.iter().map(String::as_str));
        let mut near: Vec<_> =
            names.map(|name| (distance(&wanted, name), name)).filter(|(far, _)| *far <= DISTANCE_MAX).collect();
        near.sort_unstable();
        near.into_iter().take(NAMES_MAX).map(|(_, name)| name.to_owned()).collect()
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints")
            .field("custom", &self.custom.as_ref().map(origin))
            .field("fips", &self.fips)
            .field("dual_stack", &self.dual_stack)
            .field("extra_regions", &self.extra_regions)
            .field("allow_http", &self.allow_http)
            .finish()
    }
}

fn refuse(url: &Url, reason: &str) -> Error {
    Error::new(Kind::Endpoint, format!("the endpoint {} cannot be used: {reason}", origin(url)))
}

/// What may be shown of a URL: the rest could hold a secret.
fn origin(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// Which endpoints are asked to compress their answers. The bound on a page counts its bytes once they are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gzip {
    /// None.
    Never,
    /// Every endpoint that is not on this machine.
    #[default]
    Remote,
    /// Every endpoint.
    Always,
}

impl Gzip {
    pub(crate) fn is_wanted_of(self, url: &Url) -> bool {
        match self {
            Self::Never => false,
            Self::Remote => !is_local(url),
            Self::Always => true,
        }
    }
}

/// Whether a request to it stays on this machine.
pub(crate) fn is_local(url: &Url) -> bool {
    url.host().is_some_and(|host| is_loopback(&host))
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => canonical(*address).is_loopback(),
    }
}

/// Also the address of the instance metadata service on IPv6.
fn is_link_local(host: &Host<&str>) -> bool {
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match host {
        Host::Domain(_) => false,
        Host::Ipv4(address) => address.is_link_local(),
        Host::Ipv6(address) => match canonical(*address) {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local() || address == METADATA,
        },
    }
}

fn canonical(address: Ipv6Addr) -> IpAddr {
    address.to_canonical()
}

/// A name from outside, for a message.
fn quote(name: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    let short: String = name.chars().take(CHARACTERS_MAX).collect();
    let cut = if short.len() < name.len() { "…" } else { "" };
    format!("{short:?}{cut}")
}

/// How many letters must be changed, added or dropped.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (above, a) in left.chars().enumerate() {
        let mut diagonal = above;
        let mut before = above + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right.chars()) {
            let changed = diagonal + usize::from(a != b);
            diagonal = *cell;
            before = changed.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
