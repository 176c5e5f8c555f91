//! Request bodies in Kubernetes' protobuf encoding, which kubectl uses for what it creates, read into JSON; it writes none.

mod schema;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use schema::{Field, Kind};

/// What every such body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// Deeper than any object of the API.
const DEPTH: usize = 32;

/// Why a body cannot be read.
pub(super) type Wrong = String;

/// Reads a body: magic, envelope, object. Fields that are not known are refused, since leaving them out would change what
/// is asked for.
pub(super) fn decode(body: &[u8]) -> Result<Value, Wrong> {
    let envelope = body.strip_prefix(MAGIC).ok_or("it does not begin as Kubernetes' protobuf does")?;
    let (mut version, mut kind, mut raw) = (Value::Null, Value::Null, &[][..]);
    let mut fields = Wire(envelope);
    while let Some((number, content)) = fields.next()? {
        match (number, content) {
            (1, Content::Bytes(kind_of)) => {
                let mut parts = Wire(kind_of);
                while let Some((number, content)) = parts.next()? {
                    match (number, content) {
                        (1, Content::Bytes(text)) => version = string(text)?,
                        (2, Content::Bytes(text)) => kind = string(text)?,
                        _ => {}
                    }
                }
            }
            (2, Content::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let name = kind.as_str().unwrap_or_default();
    let mut object = message(name, raw, 0)?;
    object.shift_insert(0, "apiVersion".to_owned(), version);
    object.shift_insert(1, "kind".to_owned(), kind);
    Ok(Value::Object(object))
}

fn string(bytes: &[u8]) -> Result<Value, Wrong> {
    let text = std::str::from_utf8(bytes).map_err(|_| "a text in it is not UTF-8".to_owned())?;
    Ok(json!(text))
}

fn message(name: &str, bytes: &[u8], depth: usize) -> Result<Map<String, Value>, Wrong> {
    if depth > DEPTH {
        return Err("it is nested too deeply".to_owned());
    }
    let fields = schema::fields(name).ok_or_else(|| format!("the kind {name:?} is not known in it"))?;
    let mut object = Map::new();
    let mut wire = Wire(bytes);
    while let Some((number, content)) = wire.next()? {
        let field = fields
            .iter()
            .find(|field| field.number == number)
            .ok_or_else(|| format!("the field {number} of {name} is not known"))?;
        set(&mut object, field, &content, depth)?;
    }
    Ok(object)
}

/// Sets a field as JSON has it: without what is empty and would not be there.
fn set(object: &mut Map<String, Value>, field: &Field, content: &Content<'_>, depth: usize) -> Result<(), Wrong> {
    let wrong = || format!("the field {} has another type than it should", field.name);
    let value = match (field.kind, content) {
        (Kind::Skipped, _) => return Ok(()),
        (Kind::Text, Content::Bytes(text)) => string(text)?,
        (Kind::Integer, Content::Number(number)) => json!(number.cast_signed()),
        (Kind::Boolean, Content::Number(number)) => json!(*number != 0),
        (Kind::Quantity, Content::Bytes(bytes)) => quantity(bytes)?,
        (Kind::IntOrString, Content::Bytes(bytes)) => int_or_string(bytes)?,
        (Kind::Time, Content::Bytes(bytes)) => time(bytes)?,
        (Kind::Texts | Kind::Quantities, Content::Bytes(bytes)) => {
            let (key, value) = entry(bytes, field.kind == Kind::Quantities)?;
            let map = object.entry(field.name).or_insert_with(|| json!({}));
            map[key] = value;
            return Ok(());
        }
        (Kind::Message(name), Content::Bytes(bytes)) => Value::Object(message(name, bytes, depth + 1)?),
        (Kind::Inline(name), Content::Bytes(bytes)) => {
            object.extend(message(name, bytes, depth + 1)?);
            return Ok(());
        }
        _ => return Err(wrong()),
    };
    if field.repeated {
        let list = object.entry(field.name).or_insert_with(|| json!([]));
        list.as_array_mut().ok_or_else(wrong)?.push(value);
    } else if field.pointer || !(value.is_null() || value == "" || value == 0 || value == false) {
        object.insert(field.name.to_owned(), value);
    }
    Ok(())
}

fn quantity(bytes: &[u8]) -> Result<Value, Wrong> {
    let mut wire = Wire(bytes);
    while let Some((number, content)) = wire.next()? {
        if let (1, Content::Bytes(text)) = (number, content) {
            return string(text);
        }
    }
    Ok(json!("0"))
}

fn int_or_string(bytes: &[u8]) -> Result<Value, Wrong> {
    let (mut is_text, mut whole, mut text) = (false, json!(0), json!(""));
    let mut wire = Wire(bytes);
    while let Some((number, content)) = wire.next()? {
        match (number, content) {
            (1, Content::Number(kind)) => is_text = kind == 1,
            (2, Content::Number(number)) => whole = json!(number.cast_signed()),
            (3, Content::Bytes(bytes)) => text = string(bytes)?,
            _ => {}
        }
    }
    Ok(if is_text { text } else { whole })
}

/// A time, or `null` for the one that is not set.
fn time(bytes: &[u8]) -> Result<Value, Wrong> {
    let mut wire = Wire(bytes);
    while let Some((number, content)) = wire.next()? {
        if let (1, Content::Number(seconds)) = (number, content) {
            let time = Timestamp::from_second(seconds.cast_signed());
            let time = time.map_err(|_| "a time in it is none".to_owned())?;
            return Ok(json!(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
        }
    }
    Ok(Value::Null)
}

fn entry(bytes: &[u8], of_quantities: bool) -> Result<(String, Value), Wrong> {
    let (mut key, mut value) = (String::new(), json!(""));
    let mut wire = Wire(bytes);
    while let Some((number, content)) = wire.next()? {
        match (number, content) {
            (1, Content::Bytes(text)) => {
                string(text)?.as_str().unwrap_or_default().clone_into(&mut key);
            }
            (2, Content::Bytes(bytes)) if of_quantities => value = quantity(bytes)?,
            (2, Content::Bytes(text)) => value = string(text)?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// The fields of a message, as they come.
struct Wire<'a>(&'a [u8]);

/// What a field holds.
enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    fn next(&mut self) -> Result<Option<(u64, Content<'a>)>, Wrong> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.number()?;
        let content = match tag & 7 {
            0 => Content::Number(self.number()?),
            1 => Content::Bytes(self.take(8)?),
            2 => {
                let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
                Content::Bytes(self.take(length)?)
            }
            5 => Content::Bytes(self.take(4)?),
            _ => return Err("a field in it has no known type".to_owned()),
        };
        Ok(Some((tag >> 3, content)))
    }

    fn number(&mut self) -> Result<u64, Wrong> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first().unwrap_or(&0);
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number in it is too long".to_owned())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Wrong> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or("it breaks off")?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A length-delimited field.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        bytes.extend(content);
        bytes
    }

    fn body(kind: &[u8], raw: &[u8]) -> Vec<u8> {
        let kind = [field(1, b"v1"), field(2, kind)].concat();
        [MAGIC.to_vec(), field(1, &kind), field(2, raw)].concat()
    }

    #[test]
    fn a_pod_is_read_as_its_json_would_be() {
        let context = [vec![4 << 3, 0], field(1, &field(1, b"SYS_PTRACE"))].concat();
        let container = [
            field(1, b"debugger"),
            field(3, b"sh"),
            field(3, b"-c"),
            field(8, &field(1, &[field(1, b"cpu"), field(2, &field(1, b"100m"))].concat())),
            field(13, b""),
            field(15, &context),
            // standard input, in a field number of two bytes
            vec![0x80, 0x01, 1],
        ]
        .concat();
        let volume = [field(1, b"tmp"), field(2, &field(2, b""))].concat();
        let spec = [field(1, &volume), field(2, &container), vec![4 << 3, 0]].concat();
        let metadata = [field(1, b"copy"), field(8, b"")].concat();
        let pod = [field(1, &metadata), field(2, &spec), field(3, b"")].concat();
        assert_eq!(
            decode(&body(b"Pod", &pod)).unwrap(),
            json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": { "name": "copy" },
                "spec": {
                    "volumes": [{ "name": "tmp", "emptyDir": {} }],
                    "containers": [{
                        "name": "debugger",
                        "command": ["sh", "-c"],
                        "resources": { "limits": { "cpu": "100m" } },
                        "securityContext": { "runAsUser": 0, "capabilities": { "add": ["SYS_PTRACE"] } },
                        "stdin": true,
                    }],
                    "terminationGracePeriodSeconds": 0,
                },
            })
        );
    }

    #[test]
    fn what_is_not_known_or_broken_is_refused() {
        assert!(decode(b"{}").is_err());
        assert!(decode(&body(b"Nothing", b"")).unwrap_err().contains("Nothing"));
        assert!(decode(&body(b"Pod", &field(9, b""))).unwrap_err().contains("field 9"));
        let whole = body(b"Pod", &field(1, &field(1, b"name")));
        for end in 0..whole.len() {
            // whatever is left must not panic
            let _ = decode(&whole[..end]);
        }
        assert!(decode(&whole[..whole.len() - 1]).is_err());
    }

    #[test]
    fn every_message_that_is_named_is_there() {
        for (name, _) in schema::MESSAGES {
            for field in schema::fields(name).unwrap() {
                if let Kind::Message(inner) | Kind::Inline(inner) = field.kind {
                    assert!(schema::fields(inner).is_some(), "{name}.{} is a {inner}", field.name);
                }
            }
        }
    }
}
