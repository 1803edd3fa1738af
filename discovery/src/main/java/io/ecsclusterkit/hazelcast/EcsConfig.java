package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.InvalidConfigurationException;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import static io.ecsclusterkit.hazelcast.EcsProperties.ACCESS_KEY;
import static io.ecsclusterkit.hazelcast.EcsProperties.ALLOW_STANDALONE;
import static io.ecsclusterkit.hazelcast.EcsProperties.CONNECT_TIMEOUT_SECONDS;
import static io.ecsclusterkit.hazelcast.EcsProperties.DISCOVERY_DEADLINE_SECONDS;
import static io.ecsclusterkit.hazelcast.EcsProperties.ENDPOINT_ECS;
import static io.ecsclusterkit.hazelcast.EcsProperties.ENDPOINT_IAM;
import static io.ecsclusterkit.hazelcast.EcsProperties.ENDPOINT_METADATA;
import static io.ecsclusterkit.hazelcast.EcsProperties.IAM_DOMAIN;
import static io.ecsclusterkit.hazelcast.EcsProperties.IAM_PASSWORD;
import static io.ecsclusterkit.hazelcast.EcsProperties.IAM_PASSWORD_FILE;
import static io.ecsclusterkit.hazelcast.EcsProperties.IAM_USER;
import static io.ecsclusterkit.hazelcast.EcsProperties.INSTANCE_ID;
import static io.ecsclusterkit.hazelcast.EcsProperties.INSTANCE_METADATA_AVAILABLE;
import static io.ecsclusterkit.hazelcast.EcsProperties.NETWORK;
import static io.ecsclusterkit.hazelcast.EcsProperties.PORT;
import static io.ecsclusterkit.hazelcast.EcsProperties.PROJECT_ID;
import static io.ecsclusterkit.hazelcast.EcsProperties.READ_TIMEOUT_SECONDS;
import static io.ecsclusterkit.hazelcast.EcsProperties.REGION;
import static io.ecsclusterkit.hazelcast.EcsProperties.SECRET_KEY;
import static io.ecsclusterkit.hazelcast.EcsProperties.SECRET_KEY_FILE;
import static io.ecsclusterkit.hazelcast.EcsProperties.TAG_KEY;
import static io.ecsclusterkit.hazelcast.EcsProperties.TAG_VALUE;

/** The configuration of one strategy, read and checked once. */
final class EcsConfig {

    /** Whose credentials requests carry. */
    enum Access { KEY, LOGIN, AGENCY }

    private static final int CONNECT_SECONDS = 3;
    private static final int READ_SECONDS = 10;
    private static final int DEADLINE_SECONDS = 60;

    private final Access access;
    private final String accessKey;
    private final Secret secretKey;
    private final IamLogin login;
    private final boolean metadata;
    private final String instanceId;
    private final List<String> regions;
    private final List<String> projectIds;
    private final PortRange ports;
    private final List<String> tagKeys;
    private final List<String> tagValues;
    private final Network network;
    private final Endpoints endpoints;
    private final Duration connectTimeout;
    private final Duration readTimeout;
    private final Duration deadline;
    private final boolean allowStandalone;

    private EcsConfig(Settings settings) {
        metadata = settings.flag(INSTANCE_METADATA_AVAILABLE);
        accessKey = settings.text(ACCESS_KEY);
        secretKey = settings.secret(SECRET_KEY, SECRET_KEY_FILE);
        login = login(settings);
        access = chooseAccess();
        instanceId = settings.text(INSTANCE_ID);
        regions = settings.list(REGION);
        projectIds = settings.list(PROJECT_ID);
        checkPlaces();
        require(settings.has(PORT), "port is missing: give '5701', '5701-5703' or '5703' (5701 up to it).");
        ports = PortRange.parse(settings.text(PORT));
        tagKeys = settings.list(TAG_KEY);
        tagValues = settings.list(TAG_VALUE);
        checkTags();
        network = settings.has(NETWORK) ? Network.parse(settings.text(NETWORK)) : Network.OWN;
        endpoints = new Endpoints(settings.url(ENDPOINT_ECS), settings.url(ENDPOINT_IAM), settings.url(ENDPOINT_METADATA));
        connectTimeout = settings.seconds(CONNECT_TIMEOUT_SECONDS, CONNECT_SECONDS);
        readTimeout = settings.seconds(READ_TIMEOUT_SECONDS, READ_SECONDS);
        deadline = settings.seconds(DISCOVERY_DEADLINE_SECONDS, DEADLINE_SECONDS);
        allowStandalone = settings.flag(ALLOW_STANDALONE);
    }

    /**
     * Reads the properties as Hazelcast passes them.
     *
     * @throws InvalidConfigurationException with one sentence that says what to change
     */
    static EcsConfig of(Map<String, ?> properties) {
        return new EcsConfig(new Settings(properties));
    }

    private static IamLogin login(Settings settings) {
        Secret password = settings.secret(IAM_PASSWORD, IAM_PASSWORD_FILE);
        boolean any = settings.has(IAM_DOMAIN) || settings.has(IAM_USER) || password != null;
        require(!any || settings.has(IAM_DOMAIN), "iam-domain is missing: an IAM login needs iam-domain, iam-user and iam-password.");
        require(!any || settings.has(IAM_USER), "iam-user is missing: an IAM login needs iam-domain, iam-user and iam-password.");
        require(!any || password != null,
                "iam-password (or iam-password-file) is missing: an IAM login needs iam-domain, iam-user and iam-password.");
        return any ? new IamLogin(settings.text(IAM_DOMAIN), settings.text(IAM_USER), password) : null;
    }

    private Access chooseAccess() {
        require(accessKey == null || secretKey != null, "access-key is given without secret-key (or secret-key-file).");
        require(secretKey == null || accessKey != null, "secret-key (or secret-key-file) is given without access-key.");
        require(accessKey == null || login == null, "Give either access-key and secret-key or an IAM login, not both.");
        require(accessKey != null || login != null || metadata, "Nothing says how to ask ECS: give access-key and secret-key, "
                + "or iam-domain, iam-user and iam-password, or instance-metadata-available=true.");
        if (accessKey != null) {
            return Access.KEY;
        }
        return login != null ? Access.LOGIN : Access.AGENCY;
    }

    private void checkPlaces() {
        require(metadata || !regions.isEmpty(),
                "region is missing: only with instance-metadata-available=true is it asked of the server.");
        int wanted = regions.isEmpty() ? 1 : regions.size();
        require(projectIds.isEmpty() || projectIds.size() == wanted, "region and project-id pair up, but " + wanted
                + " region(s) and " + projectIds.size() + " project id(s) are given.");
    }

    private void checkTags() {
        require(tagValues.isEmpty() || !tagKeys.isEmpty(), "tag-value is given without tag-key.");
        require(tagValues.isEmpty() || tagValues.size() == tagKeys.size(), "tag-key and tag-value pair up, but "
                + tagKeys.size() + " key(s) and " + tagValues.size() + " value(s) are given.");
        require(tagKeys.stream().distinct().count() == tagKeys.size(), "tag-key names a key twice.");
    }

    private static void require(boolean condition, String sentence) {
        if (!condition) {
            throw new InvalidConfigurationException(sentence);
        }
    }

    Access access() {
        return access;
    }

    /** The access key, or null. */
    String accessKey() {
        return accessKey;
    }

    /** Its secret, or null. */
    Secret secretKey() {
        return secretKey;
    }

    /** The IAM user, or null. */
    IamLogin login() {
        return login;
    }

    /** Whether the metadata service of this server may be asked. */
    boolean metadata() {
        return metadata;
    }

    /** The anchor server, or null. */
    String instanceId() {
        return instanceId;
    }

    /** Empty when metadata says it. */
    List<String> regions() {
        return regions;
    }

    /** One for each region, or empty. */
    List<String> projectIds() {
        return projectIds;
    }

    PortRange ports() {
        return ports;
    }

    List<String> tagKeys() {
        return tagKeys;
    }

    /** One for each key, or empty: then those of the anchor server. */
    List<String> tagValues() {
        return tagValues;
    }

    Network network() {
        return network;
    }

    Endpoints endpoints() {
        return endpoints;
    }

    Duration connectTimeout() {
        return connectTimeout;
    }

    Duration readTimeout() {
        return readTimeout;
    }

    Duration deadline() {
        return deadline;
    }

    boolean allowStandalone() {
        return allowStandalone;
    }
}
