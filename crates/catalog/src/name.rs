use std::fmt;

use crate::Error;

/// Words that cannot stand bare as a table's name in SQL.
const KEYWORDS: [&str; 22] = [
    "all", "and", "as", "by", "case", "cross", "distinct", "from", "group", "having", "in", "join", "limit", "not",
    "null", "on", "or", "order", "select", "table", "union", "where",
];

/// Schemas that the engine fills itself.
const SCHEMAS: [&str; 3] = ["information_schema", "pg_catalog", "system"];

/// The three parts of a table's SQL name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The catalog: `aws`.
    pub catalog: String,
    /// The schema, such as `ec2_api`.
    pub schema: String,
    /// The table, such as `images`.
    pub table: String,
}

impl TableName {
    /// The schema that the path `aws/<schema>.toml` is about.
    pub(crate) fn schema_from_path(path: &str) -> Option<&str> {
        path.strip_prefix("aws/")?.strip_suffix(".toml").filter(|schema| is_snake_case(schema))
    }

    /// The name that the path `aws/<schema>/<table>.toml` stands for.
    pub(crate) fn from_path(path: &str) -> Result<Self, Error> {
        let refuse = |reason: String| Error::new(path, 1, 1, reason);
        let parts: Vec<&str> = path.strip_suffix(".toml").unwrap_or_default().split('/').collect();
        let &["aws", schema, table] = parts.as_slice() else {
            return Err(refuse("a table file is aws/<schema>/<table>.toml".to_owned()));
        };
        for part in [schema, table] {
            if !is_snake_case(part) {
                return Err(refuse(format!("\"{part}\" is not snake_case: lower-case letters, digits and _")));
            }
        }
        if SCHEMAS.contains(&schema) {
            return Err(refuse(format!("the schema \"{schema}\" is reserved")));
        }
        if KEYWORDS.contains(&table) {
            return Err(refuse(format!("\"{table}\" is a word of SQL and reserved")));
        }
        Ok(Self { catalog: "aws".to_owned(), schema: schema.to_owned(), table: table.to_owned() })
    }
}

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.schema, self.table)
    }
}
