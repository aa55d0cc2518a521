use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::load::{self, load};
use crate::{Error, Relation, Table, TableName, View};

/// Every table file that `build.rs` found: its path below this crate, and its text.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The tables and views that exist. Making one parses nothing; a file is parsed when it is first asked for.
#[derive(Clone)]
pub struct Catalog {
    entries: Arc<[Entry]>,
    /// The files that say what a schema holds: its name, the path, the text.
    schemas: Arc<[(String, Embedded, Embedded)]>,
}

type Embedded = Cow<'static, str>;

struct Entry {
    name: TableName,
    path: Embedded,
    text: Embedded,
    relation: OnceLock<Result<Relation, Error>>,
}

impl Catalog {
    /// The tables and views that ship with this crate.
    pub fn embedded() -> Self {
        let mut catalog = Self { entries: Arc::default(), schemas: Arc::default() };
        let (schemas, relations): (Vec<_>, Vec<_>) =
            EMBEDDED.iter().partition(|(path, _)| TableName::schema_from_path(path).is_some());
        let entries = relations.into_iter().filter_map(|&(path, text)| entry(path.into(), text.into()).ok());
        catalog.entries = sorted(entries.collect());
        catalog.schemas = schemas.into_iter().filter_map(|&(path, text)| schema(path.into(), text.into())).collect();
        catalog
    }

    /// The tables and views in the files handed in, each a path such as `aws/ec2_api/images.toml` and its text;
    /// `aws/ec2_api.toml` says what the schema holds.
    ///
    /// # Errors
    /// A path is neither, has a reserved name, or comes twice; a schema has no table. What the files say is checked when it is asked for.
    pub fn from_files(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let (schemas, relations): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(path, _)| TableName::schema_from_path(path).is_some());
        let entries = relations.into_iter().map(|(path, text)| entry(path.into(), text.into()));
        let entries = sorted(entries.collect::<Result<_, _>>()?);
        for pair in entries.windows(2) {
            if let [a, b] = pair
                && a.name == b.name
            {
                return Err(Error::new(&b.path, 1, 1, format!("the table {} comes twice", b.name)));
            }
        }
        let schemas: Arc<[_]> =
            schemas.into_iter().filter_map(|(path, text)| schema(path.into(), text.into())).collect();
        for (name, path, _) in &*schemas {
            if !entries.iter().any(|entry| entry.name.schema == *name) {
                return Err(Error::new(path, 1, 1, format!("there is no table in aws/{name}/")));
            }
        }
        Ok(Self { entries, schemas })
    }

    /// The names of all tables and views, sorted. Parses nothing.
    pub fn names(&self) -> impl Iterator<Item = &TableName> {
        self.entries.iter().map(|entry| &entry.name)
    }

    /// What has exactly this schema and name; parsed on first use, once.
    ///
    /// # Errors
    /// The inner result is an error when the file is refused.
    pub fn relation(&self, schema: &str, name: &str) -> Option<Result<Relation, Error>> {
        let key = |entry: &Entry| (entry.name.schema.as_str(), entry.name.table.as_str()).cmp(&(schema, name));
        let entry = self.entries.get(self.entries.binary_search_by(key).ok()?)?;
        Some(entry.relation.get_or_init(|| load(&entry.path, entry.name.clone(), &entry.text)).clone())
    }

    /// The table with exactly this schema and name; nothing when that is a view.
    ///
    /// # Errors
    /// The inner result is an error when the file is refused.
    pub fn table(&self, schema: &str, name: &str) -> Option<Result<Arc<Table>, Error>> {
        match self.relation(schema, name)? {
            Ok(Relation::Table(table)) => Some(Ok(table)),
            Ok(Relation::View(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// The view with exactly this schema and name; nothing when that is a table.
    ///
    /// # Errors
    /// The inner result is an error when the file is refused.
    pub fn view(&self, schema: &str, name: &str) -> Option<Result<Arc<View>, Error>> {
        match self.relation(schema, name)? {
            Ok(Relation::View(view)) => Some(Ok(view)),
            Ok(Relation::Table(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// What a schema holds, in one sentence.
    ///
    /// # Errors
    /// The inner result is an error when the schema's file is refused.
    pub fn schema_description(&self, schema: &str) -> Option<Result<String, Error>> {
        let (_, path, text) = self.schemas.iter().find(|(name, ..)| name == schema)?;
        Some(load::schema(path, text))
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names().map(ToString::to_string)).finish()
    }
}

fn entry(path: Embedded, text: Embedded) -> Result<Entry, Error> {
    let name = TableName::from_path(&path)?;
    Ok(Entry { name, path, text, relation: OnceLock::new() })
}

fn schema(path: Embedded, text: Embedded) -> Option<(String, Embedded, Embedded)> {
    Some((TableName::schema_from_path(&path)?.to_owned(), path, text))
}

fn sorted(mut entries: Vec<Entry>) -> Arc<[Entry]> {
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.into()
}
