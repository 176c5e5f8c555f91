//! The wire format of the kinds that are read as protobuf: the numbers and types of their fields, and nothing else.

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name in JSON.
    pub(super) name: &'static str,
    /// Its number on the wire.
    pub(super) number: u64,
    /// Its type.
    pub(super) kind: Kind,
    /// Whether it is a list.
    pub(super) repeated: bool,
    /// Whether an empty value says something other than no value.
    pub(super) pointer: bool,
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// UTF-8.
    Text,
    /// Signed, of any width.
    Integer,
    /// True or false.
    Boolean,
    /// `100m`.
    Quantity,
    /// A port by number or by name.
    IntOrString,
    /// Seconds since 1970.
    Time,
    /// A map of texts.
    Texts,
    /// A map of quantities.
    Quantities,
    /// Another message.
    Message(&'static str),
    /// Another message whose fields are this one's in JSON.
    Inline(&'static str),
    /// Not read: the server's own.
    Skipped,
}

/// The fields of a message; `None` if it is not known.
pub(super) fn fields(message: &str) -> Option<Vec<Field>> {
    let (_, fields) = MESSAGES.iter().find(|(name, _)| *name == message)?;
    Some(fields.split_whitespace().filter_map(field).collect())
}

/// Reads `name:number type`: `s` text, `i` integer, `b` boolean, `q` quantity, `p` port, `t` time, `m` map of texts, `n`
/// map of quantities, `-` not read, else a message; before it `*` for a list, `?` for a pointer, `^` for an inline message.
fn field(written: &'static str) -> Option<Field> {
    let (name, rest) = written.split_once(':')?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, rest) = rest.split_at(digits);
    let (repeated, rest) = rest.strip_prefix('*').map_or((false, rest), |rest| (true, rest));
    let (pointer, rest) = rest.strip_prefix('?').map_or((false, rest), |rest| (true, rest));
    let kind = match rest {
        "s" => Kind::Text,
        "i" => Kind::Integer,
        "b" => Kind::Boolean,
        "q" => Kind::Quantity,
        "p" => Kind::IntOrString,
        "t" => Kind::Time,
        "m" => Kind::Texts,
        "n" => Kind::Quantities,
        "-" => Kind::Skipped,
        message => match message.strip_prefix('^') {
            Some(inline) => Kind::Inline(inline),
            None => Kind::Message(message),
        },
    };
    let pointer = pointer || matches!(kind, Kind::Message(_));
    Some(Field { name, number: number.parse().ok()?, kind, repeated, pointer })
}

/// Each message with its fields. Volumes of single vendors are not here: a pod with one is refused.
pub(super) const MESSAGES: &[(&str, &str)] = &[
    ("Pod", "metadata:1ObjectMeta spec:2PodSpec status:3-"),
    ("Namespace", "metadata:1ObjectMeta spec:2NamespaceSpec status:3-"),
    ("NamespaceSpec", "finalizers:1*s"),
    ("SelfSubjectAccessReview", "metadata:1ObjectMeta spec:2SelfSubjectAccessReviewSpec status:3-"),
    (
        "SelfSubjectAccessReviewSpec",
        "resourceAttributes:1ResourceAttributes nonResourceAttributes:2NonResourceAttributes",
    ),
    (
        "ResourceAttributes",
        "namespace:1s verb:2s group:3s version:4s resource:5s subresource:6s name:7s fieldSelector:8- labelSelector:9-",
    ),
    ("NonResourceAttributes", "path:1s verb:2s"),
    ("SelfSubjectRulesReview", "metadata:1ObjectMeta spec:2SelfSubjectRulesReviewSpec status:3-"),
    ("SelfSubjectRulesReviewSpec", "namespace:1s"),
    ("SelfSubjectReview", "metadata:1ObjectMeta status:2-"),
    (
        "DeleteOptions",
        "gracePeriodSeconds:1?i preconditions:2Preconditions orphanDependents:3?b propagationPolicy:4s dryRun:5*s ignoreStoreReadErrorWithClusterBreakingPotential:6-",
    ),
    ("Preconditions", "uid:1s resourceVersion:2s"),
    (
        "ObjectMeta",
        "name:1s generateName:2s namespace:3s selfLink:4- uid:5s resourceVersion:6s generation:7i creationTimestamp:8t deletionTimestamp:9t deletionGracePeriodSeconds:10?i labels:11m annotations:12m ownerReferences:13*OwnerReference finalizers:14*s clusterName:15- managedFields:17-",
    ),
    ("OwnerReference", "kind:1s name:3s uid:4s apiVersion:5s controller:6?b blockOwnerDeletion:7?b"),
    ("LabelSelector", "matchLabels:1m matchExpressions:2*Requirement"),
    ("Requirement", "key:1s operator:2s values:3*s"),
    (
        "PodSpec",
        "volumes:1*Volume containers:2*Container restartPolicy:3s terminationGracePeriodSeconds:4?i activeDeadlineSeconds:5?i dnsPolicy:6s nodeSelector:7m serviceAccountName:8s serviceAccount:9s nodeName:10s hostNetwork:11b hostPID:12b hostIPC:13b securityContext:14PodSecurityContext imagePullSecrets:15*LocalReference hostname:16s subdomain:17s affinity:18Affinity schedulerName:19s initContainers:20*Container automountServiceAccountToken:21?b tolerations:22*Toleration hostAliases:23*HostAlias priorityClassName:24s priority:25?i dnsConfig:26PodDNSConfig shareProcessNamespace:27?b readinessGates:28*PodReadinessGate runtimeClassName:29s enableServiceLinks:30?b preemptionPolicy:31s overhead:32n topologySpreadConstraints:33*TopologySpreadConstraint ephemeralContainers:34*EphemeralContainer setHostnameAsFQDN:35?b os:36LocalReference hostUsers:37?b schedulingGates:38*LocalReference resourceClaims:39*PodResourceClaim resources:40ResourceRequirements hostnameOverride:41s",
    ),
    ("LocalReference", "name:1s"),
    ("EphemeralContainer", "ephemeralContainerCommon:1^Container targetContainerName:2s"),
    (
        "Container",
        "name:1s image:2s command:3*s args:4*s workingDir:5s ports:6*ContainerPort env:7*EnvVar resources:8ResourceRequirements volumeMounts:9*VolumeMount livenessProbe:10Probe readinessProbe:11Probe lifecycle:12Lifecycle terminationMessagePath:13s imagePullPolicy:14s securityContext:15SecurityContext stdin:16b stdinOnce:17b tty:18b envFrom:19*EnvFromSource terminationMessagePolicy:20s volumeDevices:21*VolumeDevice startupProbe:22Probe resizePolicy:23*ResizePolicy restartPolicy:24s restartPolicyRules:25*RestartRule",
    ),
    ("ContainerPort", "name:1s hostPort:2i containerPort:3i protocol:4s hostIP:5s"),
    ("EnvVar", "name:1s value:2s valueFrom:3EnvVarSource"),
    (
        "EnvVarSource",
        "fieldRef:1FieldReference resourceFieldRef:2ResourceFieldReference configMapKeyRef:3KeyReference secretKeyRef:4KeyReference fileKeyRef:5FileKeyReference",
    ),
    ("FieldReference", "apiVersion:1s fieldPath:2s"),
    ("ResourceFieldReference", "containerName:1s resource:2s divisor:3q"),
    ("KeyReference", "localObjectReference:1^LocalReference key:2s optional:3?b"),
    ("FileKeyReference", "volumeName:1s path:2s key:3s optional:4?b"),
    ("EnvFromSource", "prefix:1s configMapRef:2WholeReference secretRef:3WholeReference"),
    ("WholeReference", "localObjectReference:1^LocalReference optional:2?b"),
    ("ResourceRequirements", "limits:1n requests:2n claims:3*ResourceClaim"),
    ("ResourceClaim", "name:1s request:2s"),
    ("PodResourceClaim", "name:1s resourceClaimName:3s resourceClaimTemplateName:4s"),
    (
        "VolumeMount",
        "name:1s readOnly:2b mountPath:3s subPath:4s mountPropagation:5s subPathExpr:6s recursiveReadOnly:7s",
    ),
    ("VolumeDevice", "name:1s devicePath:2s"),
    ("ResizePolicy", "resourceName:1s restartPolicy:2s"),
    ("RestartRule", "action:1s exitCodes:2ExitCodes"),
    ("ExitCodes", "operator:1s values:2*i"),
    (
        "Probe",
        "handler:1^Handler initialDelaySeconds:2i timeoutSeconds:3i periodSeconds:4i successThreshold:5i failureThreshold:6i terminationGracePeriodSeconds:7?i",
    ),
    ("Handler", "exec:1ExecAction httpGet:2HTTPGetAction tcpSocket:3TCPSocketAction grpc:4GRPCAction"),
    ("Lifecycle", "postStart:1LifecycleHandler preStop:2LifecycleHandler stopSignal:3s"),
    ("LifecycleHandler", "exec:1ExecAction httpGet:2HTTPGetAction tcpSocket:3TCPSocketAction sleep:4SleepAction"),
    ("ExecAction", "command:1*s"),
    ("HTTPGetAction", "path:1s port:2p host:3s scheme:4s httpHeaders:5*NameValue"),
    ("TCPSocketAction", "port:1p host:2s"),
    ("GRPCAction", "port:1i service:2s"),
    ("SleepAction", "seconds:1i"),
    ("NameValue", "name:1s value:2s"),
    (
        "SecurityContext",
        "capabilities:1Capabilities privileged:2?b seLinuxOptions:3SELinuxOptions runAsUser:4?i runAsNonRoot:5?b readOnlyRootFilesystem:6?b allowPrivilegeEscalation:7?b runAsGroup:8?i procMount:9s windowsOptions:10WindowsOptions seccompProfile:11SecurityProfile appArmorProfile:12SecurityProfile",
    ),
    ("Capabilities", "add:1*s drop:2*s"),
    ("SELinuxOptions", "user:1s role:2s type:3s level:4s"),
    ("WindowsOptions", "gmsaCredentialSpecName:1s gmsaCredentialSpec:2s runAsUserName:3s hostProcess:4?b"),
    ("SecurityProfile", "type:1s localhostProfile:2s"),
    (
        "PodSecurityContext",
        "seLinuxOptions:1SELinuxOptions runAsUser:2?i runAsNonRoot:3?b supplementalGroups:4*i fsGroup:5?i runAsGroup:6?i sysctls:7*NameValue windowsOptions:8WindowsOptions fsGroupChangePolicy:9s seccompProfile:10SecurityProfile appArmorProfile:11SecurityProfile supplementalGroupsPolicy:12s seLinuxChangePolicy:13s",
    ),
    ("Toleration", "key:1s operator:2s value:3s effect:4s tolerationSeconds:5?i"),
    ("HostAlias", "ip:1s hostnames:2*s"),
    ("PodDNSConfig", "nameservers:1*s searches:2*s options:3*DNSOption"),
    ("DNSOption", "name:1s value:2?s"),
    ("PodReadinessGate", "conditionType:1s"),
    (
        "TopologySpreadConstraint",
        "maxSkew:1i topologyKey:2s whenUnsatisfiable:3s labelSelector:4LabelSelector minDomains:5?i nodeAffinityPolicy:6s nodeTaintsPolicy:7s matchLabelKeys:8*s",
    ),
    ("Affinity", "nodeAffinity:1NodeAffinity podAffinity:2PodAffinity podAntiAffinity:3PodAffinity"),
    (
        "NodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution:1NodeSelector preferredDuringSchedulingIgnoredDuringExecution:2*PreferredTerm",
    ),
    ("NodeSelector", "nodeSelectorTerms:1*NodeSelectorTerm"),
    ("NodeSelectorTerm", "matchExpressions:1*Requirement matchFields:2*Requirement"),
    ("PreferredTerm", "weight:1i preference:2NodeSelectorTerm"),
    (
        "PodAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution:1*PodAffinityTerm preferredDuringSchedulingIgnoredDuringExecution:2*WeightedTerm",
    ),
    (
        "PodAffinityTerm",
        "labelSelector:1LabelSelector namespaces:2*s topologyKey:3s namespaceSelector:4LabelSelector matchLabelKeys:5*s mismatchLabelKeys:6*s",
    ),
    ("WeightedTerm", "weight:1i podAffinityTerm:2PodAffinityTerm"),
    ("Volume", "name:1s volumeSource:2^VolumeSource"),
    (
        "VolumeSource",
        "hostPath:1HostPath emptyDir:2EmptyDir secret:6SecretVolume nfs:7NFSVolume persistentVolumeClaim:10ClaimVolume downwardAPI:16DownwardVolume configMap:19ConfigMapVolume projected:26ProjectedVolume csi:28CSIVolume ephemeral:29EphemeralVolume image:30ImageVolume",
    ),
    ("HostPath", "path:1s type:2?s"),
    ("EmptyDir", "medium:1s sizeLimit:2q"),
    ("SecretVolume", "secretName:1s items:2*KeyToPath defaultMode:3?i optional:4?b"),
    ("ConfigMapVolume", "localObjectReference:1^LocalReference items:2*KeyToPath defaultMode:3?i optional:4?b"),
    ("KeyToPath", "key:1s path:2s mode:3?i"),
    ("NFSVolume", "server:1s path:2s readOnly:3b"),
    ("ClaimVolume", "claimName:1s readOnly:2b"),
    ("DownwardVolume", "items:1*DownwardFile defaultMode:2?i"),
    ("DownwardFile", "path:1s fieldRef:2FieldReference resourceFieldRef:3ResourceFieldReference mode:4?i"),
    ("ProjectedVolume", "sources:1*Projection defaultMode:2?i"),
    (
        "Projection",
        "secret:1KeyProjection downwardAPI:2DownwardProjection configMap:3KeyProjection serviceAccountToken:4TokenProjection clusterTrustBundle:5BundleProjection",
    ),
    ("KeyProjection", "localObjectReference:1^LocalReference items:2*KeyToPath optional:4?b"),
    ("DownwardProjection", "items:1*DownwardFile"),
    ("TokenProjection", "audience:1s expirationSeconds:2?i path:3s"),
    ("BundleProjection", "name:1?s signerName:2?s labelSelector:3LabelSelector path:4s optional:5?b"),
    ("CSIVolume", "driver:1s readOnly:2?b fsType:3?s volumeAttributes:4m nodePublishSecretRef:5LocalReference"),
    ("EphemeralVolume", "volumeClaimTemplate:1ClaimTemplate"),
    ("ClaimTemplate", "metadata:1ObjectMeta spec:2ClaimSpec"),
    (
        "ClaimSpec",
        "accessModes:1*s resources:2ResourceRequirements volumeName:3s selector:4LabelSelector storageClassName:5?s volumeMode:6s dataSource:7TypedReference volumeAttributesClassName:9?s",
    ),
    ("TypedReference", "apiGroup:1?s kind:2s name:3s"),
    ("ImageVolume", "reference:1s pullPolicy:2s"),
];
