//! The EC2 service model, as botocore ships it: `service-2.json`.

use std::collections::HashMap;
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::files::root;

/// The model that the committed tables were generated from, and the hash of its wheel on `PyPI`.
const BOTOCORE: &str = "botocore==1.44.5";
const BOTOCORE_HASH: &str = "sha256:8f16a56d1dff125dd65322ae021efa7ba5195a6db5102b96862566055b748921";

/// Takes service-2.json out of a wheel, or out of a `.gz`.
const UNPACK: &str = r#"
import gzip, sys, zipfile
source, target = sys.argv[1:]
if source.endswith(".whl"):
    with zipfile.ZipFile(source) as wheel:
        packed = wheel.read("botocore/data/ec2/2016-11-15/service-2.json.gz")
else:
    with open(source, "rb") as file:
        packed = file.read()
with open(target, "wb") as file:
    file.write(gzip.decompress(packed))
"#;

/// The whole model.
#[derive(Deserialize)]
pub(crate) struct Model {
    pub(crate) operations: HashMap<String, Operation>,
    pub(crate) shapes: HashMap<String, Shape>,
}

/// One operation; an absent shape is an operation without input or output.
#[derive(Deserialize)]
pub(crate) struct Operation {
    pub(crate) input: Option<Reference>,
    pub(crate) output: Option<Reference>,
}

/// A use of a shape, and the names that this use has on the wire.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reference {
    pub(crate) shape: String,
    pub(crate) location_name: Option<String>,
    pub(crate) query_name: Option<String>,
    #[serde(default)]
    pub(crate) documentation: String,
}

/// A type. Which fields are filled depends on `kind`.
#[derive(Deserialize)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) members: Ordered<Reference>,
    pub(crate) member: Option<Reference>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    #[serde(default)]
    pub(crate) sensitive: bool,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

/// A JSON object in the order of the document.
pub(crate) struct Ordered<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Vec<(String, T)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(Entries(PhantomData)).map(Self)
    }
}

impl Model {
    /// Reads the model at `path`, or the pinned one.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, String> {
        let path = match path {
            None => pinned()?,
            Some(path) if path.extension().is_some_and(|extension| extension == "gz") => {
                let target = cache()?.join("given-service-2.json");
                unpack(path, &target)?;
                target
            }
            Some(path) => path.to_owned(),
        };
        let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    pub(crate) fn operation(&self, name: &str) -> Result<&Operation, String> {
        self.operations.get(name).ok_or_else(|| format!("the model has no operation {name}"))
    }

    pub(crate) fn shape(&self, name: &str) -> Result<&Shape, String> {
        self.shapes.get(name).ok_or_else(|| format!("the model has no shape {name}"))
    }

    /// The shape of a list's items.
    pub(crate) fn item(&self, list: &Shape) -> Result<&Shape, String> {
        let member = list.member.as_ref().ok_or("a list of the model has no member")?;
        self.shape(&member.shape)
    }
}

impl Reference {
    /// The name of the element in a response.
    pub(crate) fn response_name<'a>(&'a self, member: &'a str) -> &'a str {
        self.location_name.as_deref().unwrap_or(member)
    }

    /// The name in a request, by the rule of the EC2 Query protocol:
    /// <https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html>
    pub(crate) fn request_name(&self, member: &str) -> String {
        if let Some(name) = &self.query_name {
            return name.clone();
        }
        let name = self.location_name.as_deref().unwrap_or(member);
        let mut letters = name.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    }
}

fn pinned() -> Result<PathBuf, String> {
    let cache = cache()?;
    let model = cache.join(format!("{BOTOCORE}-service-2.json"));
    if model.exists() {
        return Ok(model);
    }
    let requirements = cache.join("requirements.txt");
    fs::write(&requirements, format!("{BOTOCORE} --hash={BOTOCORE_HASH}\n")).map_err(|error| error.to_string())?;
    let pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--requirement"];
    python(Command::new("python3").args(pip).arg(&requirements).arg("--dest").arg(&cache))?;
    let wheel = cache.join(format!("{}-py3-none-any.whl", BOTOCORE.replace("==", "-")));
    unpack(&wheel, &model)?;
    Ok(model)
}

/// Written beside its place and renamed, so that an interrupted run leaves no half model.
fn unpack(source: &Path, target: &Path) -> Result<(), String> {
    let partial = target.with_extension("partial");
    python(Command::new("python3").args(["-c", UNPACK]).arg(source).arg(&partial))?;
    fs::rename(&partial, target).map_err(|error| format!("{}: {error}", target.display()))
}

fn python(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("python3: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("python3: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

fn cache() -> Result<PathBuf, String> {
    let cache = root().join("target/botocore");
    fs::create_dir_all(&cache).map_err(|error| format!("{}: {error}", cache.display()))?;
    Ok(cache)
}
