package io.ecsclusterkit.hazelcast;

import java.util.Map;
import java.util.TreeMap;

import static com.hazelcast.spi.partitiongroup.PartitionGroupMetaData.PARTITION_GROUP_PLACEMENT;
import static com.hazelcast.spi.partitiongroup.PartitionGroupMetaData.PARTITION_GROUP_ZONE;

/** The member attributes that ZONE_AWARE and PLACEMENT_AWARE partition groups are made from. */
final class LocalMetadata {

    private static final String UNKNOWN = "unknown";

    private LocalMetadata() {
    }

    /** From what is known so far; the zone is always there, because ZONE_AWARE fails when one member lacks it. */
    static Map<String, String> of(EcsConfig config, Myself myself, Survey survey) {
        String region = config.regions().size() == 1 ? config.regions().get(0) : null;
        region = first(survey.selfRegion(), region, myself.knownIdentity().map(Identity::region).orElse(null),
                config.regions().isEmpty() ? UNKNOWN : config.regions().get(0));
        String zone = first(survey.self().map(Server::zone).orElse(null),
                myself.knownIdentity().map(Identity::zone).orElse(null), UNKNOWN);
        Map<String, String> attributes = new TreeMap<>();
        attributes.put(PARTITION_GROUP_ZONE, region + "/" + zone);
        survey.self().map(Server::group).ifPresent(group -> attributes.put(PARTITION_GROUP_PLACEMENT, group));
        return attributes;
    }

    static boolean hasZone(Map<String, String> attributes) {
        return !attributes.get(PARTITION_GROUP_ZONE).endsWith("/" + UNKNOWN);
    }

    private static String first(String... candidates) {
        for (String candidate : candidates) {
            if (candidate != null && !candidate.isBlank()) {
                return candidate;
            }
        }
        return UNKNOWN;
    }
}
