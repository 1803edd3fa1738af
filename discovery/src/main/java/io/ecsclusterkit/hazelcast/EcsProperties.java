package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.properties.PropertyDefinition;
import com.hazelcast.config.properties.PropertyTypeConverter;
import com.hazelcast.config.properties.SimplePropertyDefinition;

import java.util.Arrays;
import java.util.Collection;
import java.util.stream.Collectors;

/** The properties of the strategy; a name that is not among them fails the start. */
enum EcsProperties {

    INSTANCE_ID("instance-id"),
    PROJECT_ID("project-id"),
    REGION("region"),
    PORT("port"),
    ACCESS_KEY("access-key"),
    SECRET_KEY("secret-key"),
    SECRET_KEY_FILE("secret-key-file"),
    IAM_DOMAIN("iam-domain"),
    IAM_USER("iam-user"),
    IAM_PASSWORD("iam-password"),
    IAM_PASSWORD_FILE("iam-password-file"),
    TAG_KEY("tag-key"),
    TAG_VALUE("tag-value"),
    INSTANCE_METADATA_AVAILABLE("instance-metadata-available"),
    NETWORK("network"),
    ENDPOINT_ECS("endpoint-ecs"),
    ENDPOINT_IAM("endpoint-iam"),
    ENDPOINT_METADATA("endpoint-metadata"),
    CONNECT_TIMEOUT_SECONDS("connect-timeout-seconds"),
    READ_TIMEOUT_SECONDS("read-timeout-seconds"),
    DISCOVERY_DEADLINE_SECONDS("discovery-deadline-seconds"),
    ALLOW_STANDALONE("allow-standalone");

    private final String key;

    EcsProperties(String key) {
        this.key = key;
    }

    String key() {
        return key;
    }

    /**
     * The definitions Hazelcast checks names against. All are optional text here: Hazelcast's own types turn "yes" into
     * false and fail on a blank number, so {@link EcsConfig} reads the values.
     */
    static Collection<PropertyDefinition> definitions() {
        return Arrays.stream(values())
                .map(property -> new SimplePropertyDefinition(property.key, true, PropertyTypeConverter.STRING))
                .collect(Collectors.toUnmodifiableList());
    }
}
