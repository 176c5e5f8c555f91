//! Objects from files, as `kubectl -f` finds them: YAML or JSON, several in one, lists, whole folders; it asks no server.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Problem;

/// Standard input instead of a file.
const STDIN: &str = "-";
/// The files of a folder that are read.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];
/// The most that is read of one file.
const LIMIT: u64 = 64 * 1024 * 1024;
/// How deep folders are followed; a link may lead back up.
const DEEPEST: usize = 32;
/// How deep a list may hold lists.
const DEEPEST_LIST: usize = 8;

/// Reads the objects of these files in order; of a folder those of its `.json`, `.yaml` and `.yml` files by name, with
/// `recursive` of its folders too. `-` reads `input`.
///
/// # Errors
/// A file that cannot be read or holds neither YAML nor JSON, an object that is none, and files without any object.
pub fn read(files: &[String], recursive: bool, input: &mut dyn Read) -> Result<Vec<Value>, Problem> {
    let mut objects = Vec::new();
    for file in files {
        if file == STDIN {
            objects.extend(parse("standard input", &text(input).map_err(|error| unreadable(STDIN, &error))?)?);
            continue;
        }
        if file.starts_with("http://") || file.starts_with("https://") {
            return Err(Problem::new(
                format!("cannot read {file}"),
                "addresses on the network are not read",
                "fetch it yourself and give it on standard input: curl … | bathy debug -f -",
            ));
        }
        for path in paths(Path::new(file), recursive)? {
            let name = path.display().to_string();
            let opened = std::fs::File::open(&path).and_then(|mut file| text(&mut file));
            objects.extend(parse(&name, &opened.map_err(|error| unreadable(&name, &error))?)?);
        }
    }
    if objects.is_empty() && !files.is_empty() {
        return Err(Problem::new("there is nothing to debug", "the files hold no object", "name a file with a pod"));
    }
    Ok(objects)
}

/// The objects of a text: documents of YAML or JSON values one after the other, lists taken apart, empty ones left out.
///
/// # Errors
/// A text that is neither, or holds something that is no object.
pub fn parse(name: &str, text: &str) -> Result<Vec<Value>, Problem> {
    let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    let documents = match documents {
        Ok(documents) => documents,
        Err(_) => serde_saphyr::from_multiple(text).map_err(|error| {
            let error = error.to_string();
            let why = format!("it is neither YAML nor JSON: {}", error.lines().next().unwrap_or_default());
            Problem::new(format!("cannot read {name}"), why, "correct the file")
        })?,
    };
    let mut objects = Vec::new();
    for document in documents {
        gather(name, document, &mut objects, DEEPEST_LIST)?;
    }
    Ok(objects)
}

/// The object in its place: a pod without a namespace gets this one.
///
/// # Errors
/// A pod whose namespace is another one than the command line named.
pub fn place(mut object: Value, namespace: &str, was_said: bool) -> Result<Value, Problem> {
    if object["kind"] == "Node" {
        return Ok(object);
    }
    let own = object["metadata"]["namespace"].as_str().filter(|own| !own.is_empty());
    match own {
        Some(own) if was_said && own != namespace => Err(Problem::new(
            "cannot debug what the file holds",
            format!("it is of the namespace {own}, and --namespace says {namespace}"),
            format!("say --namespace={own}"),
        )),
        Some(_) => Ok(object),
        None => {
            if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.insert("namespace".to_owned(), namespace.into());
            }
            Ok(object)
        }
    }
}

fn gather(name: &str, document: Value, objects: &mut Vec<Value>, depth: usize) -> Result<(), Problem> {
    let wrong = |why: &str| Err(Problem::new(format!("cannot read {name}"), why, "correct the file"));
    match document {
        Value::Null => Ok(()),
        Value::Object(mut object) => {
            let is_list = object.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
            match object.remove("items") {
                Some(Value::Array(items)) if is_list => {
                    if depth == 0 {
                        return wrong("its lists hold lists too deeply");
                    }
                    items.into_iter().try_for_each(|item| gather(name, item, objects, depth - 1))
                }
                Some(items) if !is_list => {
                    object.insert("items".to_owned(), items);
                    objects.push(object.into());
                    Ok(())
                }
                None if !is_list => {
                    objects.push(object.into());
                    Ok(())
                }
                _ => Ok(()),
            }
        }
        _ => wrong("it holds something that is no object of Kubernetes"),
    }
}

fn paths(path: &Path, recursive: bool) -> Result<Vec<PathBuf>, Problem> {
    let wrong = |error: &std::io::Error| unreadable(&path.display().to_string(), error);
    if !std::fs::metadata(path).map_err(|error| wrong(&error))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    collect(path, recursive, DEEPEST, &mut found).map_err(|error| wrong(&error))?;
    Ok(found)
}

fn collect(folder: &Path, recursive: bool, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            if recursive && depth > 0 {
                collect(&path, recursive, depth - 1, found)?;
            }
        } else if path.extension().and_then(|e| e.to_str()).is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            found.push(path);
        }
    }
    Ok(())
}

fn text(source: &mut dyn Read) -> std::io::Result<String> {
    let mut text = String::new();
    let read = source.take(LIMIT + 1).read_to_string(&mut text)?;
    if read as u64 > LIMIT {
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, "it is larger than 64 MiB"));
    }
    Ok(text)
}

fn unreadable(name: &str, error: &std::io::Error) -> Problem {
    let name = if name == STDIN { "standard input" } else { name };
    let hint = if error.kind() == ErrorKind::NotFound { "check the path" } else { "" };
    Problem::new(format!("cannot read {name}"), error.to_string(), hint)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(objects: &[Value]) -> Vec<&str> {
        objects.iter().map(|object| object["metadata"]["name"].as_str().unwrap_or("?")).collect()
    }

    #[test]
    fn documents_and_lists_are_taken_apart_in_order() {
        let yaml = "# first\n---\nkind: Pod\nmetadata: {name: a}\n---\n---\nkind: PodList\nitems:\n- metadata: {name: b}\n\
                    - {kind: List, items: [{kind: Node, metadata: {name: c}}]}\n";
        assert_eq!(names(&parse("f", yaml).unwrap()), ["a", "b", "c"]);
        let json = r#"{"kind":"Pod","metadata":{"name":"a"}} {"kind":"List","items":[{"metadata":{"name":"b"}}]}"#;
        assert_eq!(names(&parse("f", json).unwrap()), ["a", "b"]);
        let own_items = json!({"kind": "ConfigMap", "metadata": {"name": "x"}, "items": [1]});
        assert_eq!(parse("f", &own_items.to_string()).unwrap(), [own_items]);
        assert!(parse("f", "kind: List\nitems: null\n").unwrap().is_empty());
    }

    #[test]
    fn what_holds_no_object_is_refused_by_its_file() {
        for text in ["{", "- a\n", "word", "kind: List\nitems: [1]\n"] {
            let problem = parse("broken.yaml", text).unwrap_err();
            assert!(problem.what.contains("broken.yaml"), "{problem}");
        }
    }

    #[test]
    fn a_pod_is_put_into_a_namespace_but_never_out_of_its_own() {
        let pod = json!({"kind": "Pod", "metadata": {"name": "p"}});
        assert_eq!(place(pod, "n", true).unwrap()["metadata"]["namespace"], "n");
        let own = json!({"kind": "Pod", "metadata": {"namespace": "own"}});
        assert_eq!(place(own.clone(), "n", false).unwrap(), own);
        assert!(place(own, "n", true).unwrap_err().hint.contains("own"));
        let node = json!({"kind": "Node", "metadata": {"name": "x"}});
        assert_eq!(place(node.clone(), "n", true).unwrap(), node);
    }

    #[test]
    fn lists_in_lists_end_somewhere() {
        let mut deep = json!({"kind": "Pod"});
        for _ in 0..100 {
            deep = json!({"kind": "List", "items": [deep]});
        }
        assert!(parse("f", &deep.to_string()).is_err());
    }

    #[test]
    fn folders_give_their_files_by_name_and_stdin_is_a_dash() {
        let folder = std::env::temp_dir().join(format!("bathyscope-manifest-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("more")).unwrap();
        for (file, name) in [("b.yaml", "b"), ("a.json", "a"), ("c.txt", "c"), ("more/d.yml", "d")] {
            std::fs::write(folder.join(file), json!({"kind": "Pod", "metadata": {"name": name}}).to_string()).unwrap();
        }
        let path = |part: &str| folder.join(part).display().to_string();
        let read = |files: &[String], recursive| read(files, recursive, &mut "kind: Pod\n".as_bytes());
        assert_eq!(names(&read(&[path("")], false).unwrap()), ["a", "b"]);
        assert_eq!(names(&read(&[path("")], true).unwrap()), ["a", "b", "d"]);
        assert_eq!(names(&read(&["-".into(), path("c.txt")], false).unwrap()), ["?", "c"], "a file by any name");
        assert!(read(&[path("nosuch")], false).unwrap_err().what.contains("nosuch"));
        std::fs::write(folder.join("more/d.yml"), "# nothing\n").unwrap();
        assert!(read(&[path("more")], false).unwrap_err().why.contains("no object"));
        assert!(read(&["https://example.com/pod.yaml".into()], false).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
