//! Paths into nested values: fields of structs, elements of lists, values of maps.

use datafusion::arrow::datatypes::{DataType, FieldRef, Fields};
use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Ident, Subscript, Value, ValueWithSpan};

use super::error::{NameError, NameErrorKind, nearest};
use super::scope::{choose, is_plain, nowhere};

/// One step of a path.
enum Step<'a> {
    Key(&'a str),
    Index,
    Slice,
    Other,
}

impl<'a> Step<'a> {
    fn of(access: &'a AccessExpr) -> Self {
        match access {
            AccessExpr::Subscript(Subscript::Index { index }) => match text(index) {
                Some(key) => Self::Key(key),
                None => Self::Index,
            },
            AccessExpr::Subscript(Subscript::Slice { .. }) => Self::Slice,
            AccessExpr::Dot(_) => Self::Other,
        }
    }
}

/// Rewrites a path behind a value of this type to subscripts with declared names; `title` is the
/// value as the statement has it, for errors.
pub(super) fn resolve(mut data_type: Option<DataType>, chain: &mut [AccessExpr], title: &str) -> Result<(), NameError> {
    let mut title = title.to_owned();
    for access in chain {
        if let AccessExpr::Dot(Expr::Identifier(ident)) = access {
            let field = match &data_type {
                Some(data_type) => declared(data_type, ident, &title)?,
                None => ident.value.clone(),
            };
            *access = subscript(field);
        } else if let (Some(DataType::Struct(fields)), Step::Key(key)) = (&data_type, Step::of(access))
            && fields.find(key).is_none()
        {
            return Err(no_field(&[Ident::new(key)], fields, &title));
        }
        title = format!("{title}{}", written(data_type.as_ref(), access));
        data_type = data_type.and_then(|data_type| step(&data_type, access));
    }
    Ok(())
}

/// The type at the end of a path.
pub(super) fn walk(data_type: DataType, chain: &[AccessExpr]) -> Option<DataType> {
    chain.iter().try_fold(data_type, |data_type, access| step(&data_type, access))
}

/// A path as a person writes it: `.field`, `[1]`, `['key']`.
pub(super) fn text_of(mut data_type: Option<DataType>, chain: &[AccessExpr]) -> String {
    let mut text = String::new();
    for access in chain {
        text.push_str(&written(data_type.as_ref(), access));
        data_type = data_type.and_then(|data_type| step(&data_type, access));
    }
    text
}

/// What heads a column made of a path: its last named part, with the subscripts behind it.
pub(super) fn heading(root: Option<&str>, chain: &[AccessExpr]) -> Option<String> {
    let named = chain.iter().rposition(|access| matches!(Step::of(access), Step::Key(_)));
    let (name, rest) = match named {
        Some(at) => {
            let Step::Key(key) = Step::of(chain.get(at)?) else {
                return None;
            };
            (key, chain.get(at + 1..)?)
        }
        None => (root?, chain),
    };
    let subscripts: String = rest.iter().map(ToString::to_string).collect();
    Some(format!("{name}{subscripts}"))
}

/// The type of a list's elements.
pub(super) fn element(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => Some(item.data_type().clone()),
        _ => None,
    }
}

/// `['name']`
pub(super) fn subscript(name: String) -> AccessExpr {
    let value = Value::SingleQuotedString(name);
    let index = Expr::Value(ValueWithSpan { value, span: nowhere() });
    AccessExpr::Subscript(Subscript::Index { index })
}

fn step(data_type: &DataType, access: &AccessExpr) -> Option<DataType> {
    match (data_type, Step::of(access)) {
        (DataType::Struct(fields), Step::Key(key)) => {
            let (_, field) = fields.find(key)?;
            Some(field.data_type().clone())
        }
        (DataType::Map(entries, _), Step::Key(_) | Step::Index) => match entries.data_type() {
            DataType::Struct(fields) => fields.get(1).map(|value| value.data_type().clone()),
            _ => None,
        },
        (list, Step::Index) => element(list),
        (list, Step::Slice) => element(list).map(|_| list.clone()),
        _ => None,
    }
}

/// The field's name as it was declared.
fn declared(data_type: &DataType, ident: &Ident, title: &str) -> Result<String, NameError> {
    let DataType::Struct(fields) = data_type else {
        return not_a_struct(data_type, ident, title);
    };
    let matching = choose(ident, fields.iter(), |field: &FieldRef| field.name());
    match matching.as_slice() {
        [] => Err(no_field(std::slice::from_ref(ident), fields, title)),
        [field] => Ok(field.name().clone()),
        several => {
            let names = several.iter().map(|field| field.name().clone());
            let error = NameError::new(NameErrorKind::Ambiguous, std::slice::from_ref(ident));
            Err(error.candidates(names.collect()))
        }
    }
}

fn no_field(name: &[Ident], fields: &Fields, title: &str) -> NameError {
    let wanted = name.first().map(|part| part.value.as_str()).unwrap_or_default();
    NameError::new(NameErrorKind::Column, name)
        .candidates(nearest(wanted, fields.iter().map(|field| field.name())))
        .looked_at(vec![title.to_owned()])
}

/// A dot behind a map is a key of it; behind a list or a plain value it is an error.
fn not_a_struct(data_type: &DataType, ident: &Ident, title: &str) -> Result<String, NameError> {
    if let DataType::Map(..) = data_type {
        return Ok(ident.value.clone());
    }
    let mut error =
        NameError::new(NameErrorKind::Column, std::slice::from_ref(ident)).looked_at(vec![title.to_owned()]);
    if element(data_type).is_some() {
        error.advice = Some(format!(
            "\"{title}\" is a list: write {title}[1].{0} for its first element, or unnest({title}) for all.",
            ident.value
        ));
    } else if !data_type.is_nested() {
        error.advice = Some(format!("\"{title}\" is a plain value: it has no fields."));
    }
    Err(error)
}

fn written(data_type: Option<&DataType>, access: &AccessExpr) -> String {
    match (data_type, Step::of(access)) {
        (Some(DataType::Struct(_)), Step::Key(key)) if is_plain(key) => format!(".{key}"),
        _ => access.to_string(),
    }
}

fn text(index: &Expr) -> Option<&str> {
    let Expr::Value(value) = index else {
        return None;
    };
    match &value.value {
        Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
        _ => None,
    }
}
