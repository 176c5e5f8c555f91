//! The wire format of lists and watch events, decoded without building a tree of it; it never words anything.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// An answer to a list: a Table, or plain objects from a server that has no Tables.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "P: Deserialize<'de>"))]
pub(super) struct ListBody<'a, P> {
    #[serde(default)]
    pub(super) metadata: ListMeta,
    #[serde(default, borrow)]
    pub(super) column_definitions: Option<Vec<ColumnDefinition<'a>>>,
    #[serde(default, borrow)]
    pub(super) rows: Option<Vec<TableRow<'a>>>,
    #[serde(default = "none")]
    pub(super) items: Option<Vec<P>>,
}

// `Option`'s own default would ask for `P: Default` in the derived bound.
fn none<T>() -> Option<T> {
    None
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListMeta {
    #[serde(default)]
    pub(super) resource_version: String,
    #[serde(default, rename = "continue")]
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ColumnDefinition<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct TableRow<'a> {
    #[serde(borrow)]
    pub(super) cells: Vec<Cell<'a>>,
    #[serde(default, borrow)]
    pub(super) object: Option<PartialObject<'a>>,
}

#[derive(Deserialize)]
pub(super) struct PartialObject<'a> {
    #[serde(default, borrow)]
    pub(super) metadata: PartialMeta<'a>,
}

/// What is used of `PartialObjectMetadata`; managed fields, most of it, are passed over.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartialMeta<'a> {
    #[serde(default, borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(default, borrow)]
    pub(super) namespace: Cow<'a, str>,
    #[serde(default, borrow)]
    pub(super) creation_timestamp: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub(super) owner_references: Option<Vec<PartialOwner<'a>>>,
}

/// What is used of an owner reference.
#[derive(Deserialize)]
pub(super) struct PartialOwner<'a> {
    #[serde(default, borrow)]
    uid: Cow<'a, str>,
    #[serde(default)]
    controller: Option<bool>,
}

impl TableRow<'_> {
    /// The uid of what controls the row's object.
    pub(super) fn controller(&self) -> Option<&str> {
        let owners = self.object.as_ref()?.metadata.owner_references.as_ref()?;
        owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| &*owner.uid)
    }
}

/// One cell as text, whatever JSON type the server gave it.
#[derive(Debug)]
pub(super) struct Cell<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor).map(Cell)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table cell")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(if value { "true" } else { "false" }))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cow::Borrowed(""))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cow::Borrowed(""))
    }
}

/// What every watch event says first: its type, and of its object the kind and version.
#[derive(Deserialize)]
pub(super) struct EventHead<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) change: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) object: ObjectHead<'a>,
}

#[derive(Deserialize)]
pub(super) struct ObjectHead<'a> {
    #[serde(default, borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(default)]
    pub(super) metadata: Option<ListMeta>,
}

/// A watch event's object.
#[derive(Deserialize)]
pub(super) struct EventOf<T> {
    pub(super) object: T,
}

/// A Table with rows of an event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventTable<'a> {
    #[serde(default, borrow)]
    pub(super) column_definitions: Option<Vec<ColumnDefinition<'a>>>,
    #[serde(default, borrow)]
    pub(super) rows: Option<Vec<TableRow<'a>>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_every_type_are_text() {
        let row: TableRow =
            serde_json::from_str(r#"{"cells":["a",3,true,null,[1,{"x":2}],{"y":[]},-2,"e\"q"],"object":null}"#)
                .unwrap();
        let texts: Vec<&str> = row.cells.iter().map(|cell| &*cell.0).collect();
        assert_eq!(texts, ["a", "3", "true", "", "", "", "-2", "e\"q"]);
    }

    #[test]
    fn a_list_may_be_null_or_leave_things_out() {
        let body: ListBody<IgnoredAny> = serde_json::from_str(r#"{"kind":"Table","metadata":{},"rows":null}"#).unwrap();
        assert!(body.rows.is_none() && body.items.is_none() && body.metadata.resource_version.is_empty());
        let body: ListBody<IgnoredAny> =
            serde_json::from_str(r#"{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{}]}"#).unwrap();
        assert_eq!(body.items.map(|items| items.len()), Some(1));
    }
}
