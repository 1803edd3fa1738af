package io.ecsclusterkit.hazelcast;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where the services are asked: the public cloud's names, or those of the configuration. */
final class Endpoints {

    static final String DEFAULT_METADATA = "http://169.254.169.254";
    private static final Pattern ZONE = Pattern.compile("(.+-\\d+)[a-z]");

    private final String ecs;
    private final String iam;
    private final URI metadata;

    /** Each may be null (the public cloud's own); {@code {region}} in the first two stands for the region. */
    Endpoints(String ecs, String iam, String metadata) {
        this.ecs = ecs;
        this.iam = iam;
        this.metadata = URI.create(metadata == null ? DEFAULT_METADATA : metadata);
    }

    URI ecs(String region) {
        return endpoint(ecs, "ecs", region);
    }

    URI iam(String region) {
        return endpoint(iam, "iam", region);
    }

    URI metadata() {
        return metadata;
    }

    private static URI endpoint(String given, String service, String region) {
        // The European cloud's regions eu-west-1xx live under a domain of their own.
        String domain = region.startsWith("eu-west-1") ? "myhuaweicloud.eu" : "myhuaweicloud.com";
        return URI.create(given == null ? "https://" + service + "." + region + "." + domain : given.replace("{region}", region));
    }

    /** The region of an availability zone ("cn-north-4a" is in "cn-north-4"), or nothing when it looks like no zone. */
    static Optional<String> regionOf(String zone) {
        Matcher match = ZONE.matcher(zone);
        return match.matches() ? Optional.of(match.group(1)) : Optional.empty();
    }

    /** What to say of a region that looks like an availability zone. */
    static Optional<String> zoneHint(String region) {
        return regionOf(region).map(right -> "'" + region + "' looks like an availability zone; its region is '" + right + "'");
    }
}
