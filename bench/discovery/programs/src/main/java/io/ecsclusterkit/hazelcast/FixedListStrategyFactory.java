package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.properties.PropertyDefinition;
import com.hazelcast.config.properties.PropertyTypeConverter;
import com.hazelcast.config.properties.SimplePropertyDefinition;
import com.hazelcast.logging.ILogger;
import com.hazelcast.spi.discovery.DiscoveryNode;
import com.hazelcast.spi.discovery.DiscoveryStrategy;
import com.hazelcast.spi.discovery.DiscoveryStrategyFactory;

import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Makes {@link FixedListStrategy}; its one property lists {@code HOST:PORT} with commas between. */
public final class FixedListStrategyFactory implements DiscoveryStrategyFactory {

    static final PropertyDefinition MEMBERS = new SimplePropertyDefinition("members", PropertyTypeConverter.STRING);

    @Override
    public Class<? extends DiscoveryStrategy> getDiscoveryStrategyType() {
        return FixedListStrategy.class;
    }

    @Override
    @SuppressWarnings("rawtypes")
    public DiscoveryStrategy newDiscoveryStrategy(DiscoveryNode member, ILogger logger, Map<String, Comparable> properties) {
        return new FixedListStrategy(logger, properties);
    }

    @Override
    public Collection<PropertyDefinition> getConfigurationProperties() {
        return List.of(MEMBERS);
    }
}
