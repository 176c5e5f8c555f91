//! Finds, merges and picks from kubeconfig files as kubectl does; it never writes one and never connects.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use kube::config::{AuthInfo, Cluster as ClusterEntry, Kubeconfig};

use super::{ContextInfo, Problem, text::cleaned};

/// What a person says on the command line about whom to connect to.
#[derive(Debug, Clone, Default)]
pub struct KubeconfigOptions {
    /// `--kubeconfig`: this one file and no other.
    pub file: Option<PathBuf>,
    /// `--context`: instead of the current one.
    pub context: Option<String>,
    /// `--namespace`: instead of the context's.
    pub namespace: Option<String>,
    /// `--as`: the user to act as.
    pub impersonate: Option<String>,
    /// `--as-group`: the groups to act in; needs `--as`.
    pub impersonate_groups: Vec<String>,
}

/// Where kubeconfig files are looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// `KUBECONFIG`.
    pub(super) variable: Option<OsString>,
    /// The home directory.
    pub(super) home: Option<PathBuf>,
}

impl Places {
    pub(super) fn of_process() -> Self {
        Self { variable: std::env::var_os("KUBECONFIG"), home: std::env::home_dir() }
    }

    fn files(&self) -> Vec<PathBuf> {
        let listed: Vec<PathBuf> =
            self.variable.iter().flat_map(std::env::split_paths).filter(|path| !path.as_os_str().is_empty()).collect();
        if listed.is_empty() {
            self.home.iter().map(|home| home.join(".kube").join("config")).collect()
        } else {
            listed
        }
    }
}

/// What was read, and from where.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) config: Kubeconfig,
    /// The files that were there.
    pub(super) files: Vec<PathBuf>,
}

/// Reads the named file, or merges the ones that are there: the first to say something wins.
pub(super) fn load(file: Option<&Path>, places: &Places) -> Result<Loaded, Problem> {
    let mut loaded = Loaded { config: Kubeconfig::default(), files: Vec::new() };
    let files = file.map_or_else(|| places.files(), |file| vec![file.to_owned()]);
    for path in files {
        // kubectl skips the missing ones of a list, but not the one that was named.
        if file.is_none() && !path.exists() {
            continue;
        }
        let next = Kubeconfig::read_from(&path).map_err(|error| unreadable(&path, &error))?;
        loaded.config = loaded.config.merge(next).map_err(|error| unreadable(&path, &error))?;
        loaded.files.push(path);
    }
    Ok(loaded)
}

fn unreadable(path: &Path, error: &kube::config::KubeconfigError) -> Problem {
    use std::error::Error;
    let causes: Vec<String> =
        std::iter::successors(error.source(), |&cause| cause.source()).map(ToString::to_string).collect();
    let why = causes.last().cloned().unwrap_or_else(|| error.to_string());
    Problem::new(
        format!("cannot read the kubeconfig {}", path.display()),
        why,
        "correct the file, or name another with --kubeconfig or KUBECONFIG",
    )
}

/// All contexts, in the files' order.
pub(super) fn contexts(config: &Kubeconfig) -> Vec<ContextInfo> {
    config
        .contexts
        .iter()
        .filter_map(|named| {
            let context = named.context.as_ref()?;
            Some(ContextInfo {
                name: cleaned(&named.name),
                cluster: cleaned(&context.cluster),
                user: context.user.as_deref().map(cleaned).unwrap_or_default(),
                namespace: context.namespace.as_deref().filter(|namespace| !namespace.is_empty()).map(cleaned),
            })
        })
        .collect()
}

/// One context with what it points to.
#[derive(Debug, Clone)]
pub(super) struct Picked {
    pub(super) context: ContextInfo,
    pub(super) cluster: ClusterEntry,
    pub(super) user: AuthInfo,
}

/// The context of this name with its cluster and user.
pub(super) fn pick(config: &Kubeconfig, name: &str) -> Result<Picked, Problem> {
    let what = format!("cannot use the context {name}");
    let Some(context) = contexts(config).into_iter().find(|context| context.name == name) else {
        let known: Vec<&str> = config.contexts.iter().map(|context| context.name.as_str()).collect();
        let hint = match known.as_slice() {
            [] => "the kubeconfig has no contexts; check KUBECONFIG or --kubeconfig".to_owned(),
            known => format!("choose one of: {}", known.join(", ")),
        };
        return Err(Problem::new(what, "the kubeconfig has no context of this name", hint));
    };
    let cluster = config
        .clusters
        .iter()
        .find(|cluster| cluster.name == context.cluster)
        .and_then(|cluster| cluster.cluster.clone())
        .ok_or_else(|| {
            Problem::new(
                &what,
                format!("it names the cluster {:?}, which the kubeconfig does not have", context.cluster),
                "add the cluster to the kubeconfig, or correct the context (kubectl config set-context)",
            )
        })?;
    // A user that is not there is anonymous, as it is for kubectl.
    let user = config
        .auth_infos
        .iter()
        .find(|user| user.name == context.user)
        .and_then(|user| user.auth_info.clone())
        .unwrap_or_default();
    Ok(Picked { context, cluster, user })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("bathyscope-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            std::fs::write(&path, text).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn kubeconfig(context: &str, server: &str) -> String {
        format!(
            "current-context: {context}\nclusters:\n- name: c\n  cluster: {{server: \"{server}\"}}\n\
             contexts:\n- name: {context}\n  context: {{cluster: c, user: u, namespace: shop}}\n\
             users:\n- name: u\n  user: {{token: t}}\n"
        )
    }

    #[test]
    fn the_first_file_wins_and_missing_ones_are_skipped() {
        let folder = Folder::new("merge");
        let one = folder.file("one", &kubeconfig("first", "https://one"));
        let two = folder.file("two", &kubeconfig("second", "https://two"));
        let list = std::env::join_paths([folder.0.join("missing"), one.clone(), PathBuf::new(), two.clone()]).unwrap();
        let loaded = load(None, &Places { variable: Some(list), home: None }).unwrap();
        assert_eq!(loaded.files, [one, two]);
        assert_eq!(loaded.config.current_context.as_deref(), Some("first"));
        let names: Vec<String> = contexts(&loaded.config).into_iter().map(|context| context.name).collect();
        assert_eq!(names, ["first", "second"]);
        let picked = pick(&loaded.config, "second").unwrap();
        assert_eq!(picked.cluster.server.as_deref(), Some("https://one"), "both files name the cluster c");
        assert_eq!(picked.context.namespace.as_deref(), Some("shop"));
    }

    #[test]
    fn the_default_file_is_below_home_and_may_be_missing() {
        let folder = Folder::new("home");
        std::fs::create_dir_all(folder.0.join(".kube")).unwrap();
        let places = Places { variable: Some(OsString::new()), home: Some(folder.0.clone()) };
        assert!(load(None, &places).unwrap().files.is_empty());
        folder.file(".kube/config", &kubeconfig("home", "https://h"));
        assert_eq!(load(None, &places).unwrap().config.current_context.as_deref(), Some("home"));
    }

    #[test]
    fn a_named_file_must_be_there_and_be_yaml() {
        let folder = Folder::new("named");
        let missing = load(Some(&folder.0.join("missing")), &Places::default()).unwrap_err();
        assert!(missing.what.contains("missing"), "{missing}");
        let bad = folder.file("bad", "contexts: [}");
        let problem = load(Some(&bad), &Places::default()).unwrap_err();
        assert!(problem.what.contains("bad") && !problem.why.is_empty(), "{problem}");
    }

    #[test]
    fn a_context_that_leads_nowhere_is_explained() {
        let config = Kubeconfig::from_yaml(
            "contexts:\n- name: a\n  context: {cluster: gone, user: u}\n- name: b\n  context: {cluster: c, user: nobody}\n\
             clusters:\n- name: c\n  cluster: {server: https://c}\n",
        )
        .unwrap();
        assert!(pick(&config, "a").unwrap_err().why.contains("gone"));
        assert!(pick(&config, "x").unwrap_err().hint.contains("a, b"));
        assert!(pick(&config, "b").unwrap().user.token.is_none(), "an unknown user is anonymous");
    }
}
